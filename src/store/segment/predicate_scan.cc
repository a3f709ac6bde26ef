#include "store/segment/predicate_scan.h"

#include <algorithm>

namespace honeyguide::store::segment {
namespace {

using telemetry::SpanBatch;

ScanResult exact(Bitmap rows) {
  ScanResult out{rows, std::move(rows)};
  return out;
}

// Rows whose number in `index` is wanted.
Bitmap rows_of_values(const IntColumn& index, const std::vector<bool>& wanted) {
  Bitmap out(index.size());
  const auto hits = std::count(wanted.begin(), wanted.end(), true);
  if (hits == 0 || index.size() == 0) return out;
  std::vector<std::uint32_t> numbers(index.size() + 64, 0);
  index.decode32(numbers.data());
  if (hits == 1) {
    // One value is the usual case: a compare that vectorises.
    const auto value =
        static_cast<std::uint32_t>(std::find(wanted.begin(), wanted.end(), true) - wanted.begin());
    for (std::size_t word = 0; word < out.words(); ++word) {
      std::uint64_t bits = 0;
      for (unsigned i = 0; i < 64; ++i) {
        bits |= std::uint64_t{numbers[word * 64 + i] == value} << i;
      }
      out.word(word) = bits;
    }
    if (index.size() % 64 != 0) {
      out.word(out.words() - 1) &= (std::uint64_t{1} << (index.size() % 64)) - 1;
    }
    return out;
  }
  std::vector<std::uint8_t> flags(wanted.begin(), wanted.end());
  for (std::size_t row = 0; row < index.size(); ++row) {
    if (numbers[row] < flags.size() && flags[numbers[row]] != 0) out.set(row);
  }
  return out;
}

template <typename Test>
Bitmap scan_strings(const StringColumn& column, Test test) {
  if (!column.is_dictionary()) {
    Bitmap out(column.size());
    for (std::size_t row = 0; row < column.size(); ++row) {
      if (test(column.values()[row])) out.set(row);
    }
    return out;
  }
  std::vector<bool> wanted;
  wanted.reserve(column.values().size());
  for (const std::string_view value : column.values()) wanted.push_back(test(value));
  return rows_of_values(column.index(), wanted);
}

template <typename Test>
Bitmap scan_numbers(const IntColumn& column, Test test) {
  if (column.is_constant()) {
    return Bitmap(column.size(), column.size() > 0 && test(column.get(0)));
  }
  Bitmap out(column.size());
  std::vector<std::int64_t> values(column.size());
  column.decode(values.data());
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (test(values[row])) out.set(row);
  }
  return out;
}

// Spreads hits in a column's own entries to the rows that have them.
Bitmap rows_of_entries(const AttributeTable& table, std::uint32_t column, const Bitmap& entries) {
  Bitmap out(table.rows());
  if (table.one_shape()) return entries;
  std::vector<bool> has;
  for (const auto& shape : table.shapes()) {
    has.push_back(std::find(shape.begin(), shape.end(), column) != shape.end());
  }
  std::size_t entry = 0;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (!has[table.row_shapes()[row]]) continue;
    if (entries.get(entry++)) out.set(row);
  }
  return out;
}

Bitmap rows_with_column(const AttributeTable& table, std::uint32_t column) {
  Bitmap out(table.rows());
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const auto columns = table.columns_of(row);
    if (std::find(columns.begin(), columns.end(), column) != columns.end()) out.set(row);
  }
  return out;
}

// From rows of events or links to their spans.
Bitmap parents_of(BlockReader& block, Table table, const Bitmap& children) {
  Bitmap out(block.rows());
  const auto& begins = block.child_begins(table);
  for (std::size_t row = 0; row < block.rows(); ++row) {
    for (std::size_t i = begins[row]; i < begins[row + 1] && !out.get(row); ++i) {
      if (children.get(i)) out.set(row);
    }
  }
  return out;
}

Bitmap scan_column(const Comparison& c, BlockReader& block, AttributeTable& table,
                   std::uint32_t number) {
  if (c.op == Op::kExists) {
    return rows_of_entries(table, number, Bitmap(table.columns()[number].count, true));
  }
  AttributeColumn& column = block.parsed(table, number);
  if (column.type() >= telemetry::ValueType::kString) {
    return rows_of_entries(table, number, scan_strings(column.strings, [&](std::string_view text) {
                             return compare_value(c,
                                                  telemetry::Value::of_text(column.type(), text));
                           }));
  }
  if (column.type() == telemetry::ValueType::kEmpty) {
    return rows_of_entries(table, number, Bitmap(column.count, compare_value(c, {})));
  }
  if (column.numbers.is_constant()) {
    const bool hit = column.count > 0 && compare_value(c, column.value(0));
    return rows_of_entries(table, number, Bitmap(column.count, hit));
  }
  Bitmap entries(column.count);
  for (std::size_t i = 0; i < column.count; ++i) {
    if (compare_value(c, column.value(i))) entries.set(i);
  }
  return rows_of_entries(table, number, entries);
}

// The comparison over the attributes of one table, as rows of that table. `any_key` looks at string
// values of every key (free text).
ScanResult scan_table(const Comparison& c, BlockReader& block, Table which, bool any_key) {
  AttributeTable& table = block.table(which);
  ScanResult out = exact(Bitmap(table.rows()));
  if (table.empty()) return out;
  const auto& keys = block.keys();
  const auto key = std::find(keys.begin(), keys.end(), c.key) - keys.begin();
  for (std::uint32_t i = 0; i < table.columns().size(); ++i) {
    const AttributeColumn& column = table.columns()[i];
    const bool wanted = any_key ? column.type() == telemetry::ValueType::kString
                                : static_cast<std::ptrdiff_t>(column.entry.key) == key;
    if (!wanted) continue;
    if (column.is_large() && c.op != Op::kExists) {
      out.maybe.unite(rows_with_column(table, i));
      continue;
    }
    const Bitmap rows = scan_column(c, block, table, i);
    out.sure.unite(rows);
    out.maybe.unite(rows);
  }
  if (!table.has_overflow()) return out;
  out.maybe.unite(rows_with_column(table, AttributeTable::kOverflow));
  return out;
}

bool any_attribute(const Comparison& c, const SpanBatch& context, telemetry::Range range,
                   bool any_key) {
  for (const auto& attribute : context.attributes(range)) {
    const bool wanted = any_key ? attribute.value.type() == telemetry::ValueType::kString
                                : context.key(attribute) == c.key;
    if (wanted && compare_value(c, attribute.value)) return true;
  }
  return false;
}

// Rows whose resource (or scope) passes `test(index in context)`.
template <typename Test>
Bitmap scan_context(BlockReader& block, Field field, std::size_t count, Test test) {
  std::vector<bool> wanted;
  for (std::size_t i = 0; i < count; ++i) wanted.push_back(test(i));
  const IntColumn& index = block.ints(field);
  if (index.is_constant()) {
    const auto number = static_cast<std::uint64_t>(index.size() > 0 ? index.get(0) : 0);
    return Bitmap(index.size(), number < count && wanted[static_cast<std::size_t>(number)]);
  }
  return rows_of_values(index, wanted);
}

void unite(ScanResult& into, const ScanResult& more) {
  into.sure.unite(more.sure);
  into.maybe.unite(more.maybe);
}

ScanResult scan_attribute(const Comparison& c, BlockReader& block, std::uint8_t scopes,
                          bool any_key) {
  ScanResult out = exact(Bitmap(block.rows()));
  if (!any_key &&
      std::find(block.keys().begin(), block.keys().end(), c.key) == block.keys().end()) {
    return out;
  }
  if ((scopes & kScopeSpan) != 0) unite(out, scan_table(c, block, Table::kRow, any_key));
  const SpanBatch& context = block.context();
  if ((scopes & kScopeResource) != 0) {
    const auto& resources = context.resources();
    unite(out, exact(scan_context(block, Field::kRowResource, resources.size(), [&](std::size_t i) {
            return any_attribute(c, context, resources[i].attributes, any_key);
          })));
  }
  if ((scopes & kScopeInstrumentation) != 0) {
    const auto& list = context.scopes();
    unite(out, exact(scan_context(block, Field::kRowScope, list.size(), [&](std::size_t i) {
            return any_attribute(c, context, list[i].attributes, any_key);
          })));
  }
  for (const auto& [scope, table] :
       {std::pair{kScopeEvent, Table::kEvent}, std::pair{kScopeLink, Table::kLink}}) {
    if ((scopes & scope) == 0 || block.table_rows(table) == 0) continue;
    const ScanResult children = scan_table(c, block, table, any_key);
    out.sure.unite(parents_of(block, table, children.sure));
    out.maybe.unite(parents_of(block, table, children.maybe));
  }
  return out;
}

Bitmap scan_context_field(const Comparison& c, BlockReader& block) {
  const SpanBatch& context = block.context();
  if (c.field == store::Field::kServiceName) {
    return scan_context(block, segment::Field::kRowResource, context.resources().size(),
                        [&](std::size_t i) {
                          telemetry::Span span;
                          span.resource = static_cast<std::uint32_t>(i);
                          return compare_text(c, context.service_name(span));
                        });
  }
  return scan_context(
      block, segment::Field::kRowScope, context.scopes().size(), [&](std::size_t i) {
        const auto& scope = context.scopes()[i];
        return compare_text(c, c.field == store::Field::kScopeName ? scope.name : scope.version);
      });
}

template <typename IdOf>
Bitmap scan_ids(const Comparison& c, BlockReader& block, IdOf id_of) {
  Bitmap out(block.rows());
  for (std::size_t row = 0; row < block.rows(); ++row) {
    if (compare_text(c, id_of(row))) out.set(row);
  }
  return out;
}

ScanResult scan_comparison(const Comparison& c, BlockReader& block) {
  const auto text = [&](std::string_view value) { return compare_text(c, value); };
  switch (c.field) {
    case store::Field::kAttribute:
      return scan_attribute(c, block, c.scopes, false);
    case store::Field::kAnyText: {
      ScanResult out = scan_attribute(c, block, kScopesAll, true);
      unite(out, exact(scan_strings(block.strings(Field::kName), text)));
      unite(out, exact(scan_strings(block.strings(Field::kStatusMessage), text)));
      return out;
    }
    case store::Field::kName:
      return exact(scan_strings(block.strings(Field::kName), text));
    case store::Field::kStatusMessage:
      return exact(scan_strings(block.strings(Field::kStatusMessage), text));
    case store::Field::kServiceName:
    case store::Field::kScopeName:
    case store::Field::kScopeVersion:
      return exact(scan_context_field(c, block));
    case store::Field::kKind:
      return exact(scan_numbers(block.ints(Field::kKind), [&](std::int64_t kind) {
        return text(telemetry::span_kind_name(static_cast<telemetry::SpanKind>(kind)));
      }));
    case store::Field::kStatus:
      return exact(scan_numbers(block.ints(Field::kStatus), [&](std::int64_t status) {
        return text(telemetry::status_code_name(static_cast<telemetry::StatusCode>(status)));
      }));
    case store::Field::kDurationNs:
      return exact(scan_numbers(block.ints(Field::kDuration), [&](std::int64_t ns) {
        return compare_number(c, ns < 0 ? 0 : ns);
      }));
    case store::Field::kTraceId: {
      std::vector<bool> wanted;
      for (std::size_t i = 0; i < block.trace_count(); ++i) {
        wanted.push_back(text(block.trace_id(i).to_hex()));
      }
      return exact(rows_of_values(block.ints(Field::kRowTrace), wanted));
    }
    case store::Field::kSpanId:
      return exact(
          scan_ids(c, block, [&](std::size_t row) { return block.span_id(row).to_hex(); }));
    case store::Field::kParentSpanId:
      return exact(scan_ids(c, block, [&](std::size_t row) {
        const base::SpanId parent = block.parent_id(row);
        return parent.valid() ? parent.to_hex() : std::string();
      }));
    case store::Field::kStartNs: {
      Bitmap out(block.rows());
      const auto& starts = block.starts();
      for (std::size_t row = 0; row < starts.size(); ++row) {
        if (compare_number(c, starts[row])) out.set(row);
      }
      return exact(std::move(out));
    }
    case store::Field::kEventName:
      return exact(
          parents_of(block, Table::kEvent, scan_strings(block.strings(Field::kEventName), text)));
    case store::Field::kEventSinceStartNs:
      return exact(parents_of(block, Table::kEvent,
                              scan_numbers(block.ints(Field::kEventTime), [&](std::int64_t ns) {
                                return compare_number(c, ns);
                              })));
    case store::Field::kLinkTraceId:
    case store::Field::kLinkSpanId: {
      // Rare: any span with a link is asked row by row.
      ScanResult out = exact(Bitmap(block.rows()));
      out.maybe = parents_of(block, Table::kLink, Bitmap(block.table_rows(Table::kLink), true));
      return out;
    }
  }
  return {Bitmap(block.rows()), Bitmap(block.rows(), true)};
}

}  // namespace

ScanResult scan(const Predicate& predicate, BlockReader& block) {
  switch (predicate.kind) {
    case Predicate::Kind::kTrue:
      return exact(Bitmap(block.rows(), true));
    case Predicate::Kind::kCompare:
      return scan_comparison(predicate.comparison, block);
    case Predicate::Kind::kAnd: {
      ScanResult out = exact(Bitmap(block.rows(), true));
      for (const Predicate& child : predicate.children) {
        if (!out.maybe.any()) break;
        const ScanResult part = scan(child, block);
        out.sure.intersect(part.sure);
        out.maybe.intersect(part.maybe);
      }
      return out;
    }
    case Predicate::Kind::kOr: {
      ScanResult out = exact(Bitmap(block.rows()));
      for (const Predicate& child : predicate.children) unite(out, scan(child, block));
      return out;
    }
    case Predicate::Kind::kNot: {
      ScanResult out = scan(predicate.children.front(), block);
      out.sure.complement();
      out.maybe.complement();
      std::swap(out.sure, out.maybe);
      return out;
    }
  }
  return {Bitmap(block.rows()), Bitmap(block.rows(), true)};
}

}  // namespace honeyguide::store::segment
