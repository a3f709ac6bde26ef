#include "server/type_notation.h"

#include "base/json_writer.h"
#include "base/strings.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::JsonWriter;
using base::Result;

struct Primitive {
  std::string_view name;
  std::string_view schema;
};
constexpr Primitive kPrimitives[] = {
    {"string", R"({"type":"string"})"},
    {"number", R"({"type":"number"})"},
    {"integer", R"({"type":"integer"})"},
    {"boolean", R"({"type":"boolean"})"},
    {"null", R"({"type":"null"})"},
    {"any", "{}"},
    {"object", R"({"type":"object"})"},
    {"ns", R"({"type":"string","pattern":"^-?[0-9]{1,20}$"})"},
    {"trace_id", R"({"type":"string","pattern":"^[0-9a-fA-F]{32}$"})"},
    {"span_id", R"({"type":"string","pattern":"^[0-9a-fA-F]{16}$"})"},
    {"time", R"({"type":"string","description":"RFC 3339, or Unix seconds, ms, us or ns"})"},
    {"duration", R"({"type":"string","description":"500ms, 2s or 1h30m"})"},
};

class Parser {
 public:
  Parser(std::string_view text, std::set<std::string>& used) : text_(text), used_(used) {}

  Result<std::string> parse() {
    std::string out = alternatives();
    skip();
    if (error_.empty() && at_ != text_.size()) fail("the end");
    if (error_.empty()) return out;
    return Error{ErrorCode::kInvalidArgument, error_ + " in '" + std::string(text_) + "'"};
  }

 private:
  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool next_is(char c) {
    skip();
    return at_ < text_.size() && text_[at_] == c;
  }
  std::string fail(std::string_view expected) {
    if (error_.empty()) {
      error_ = "character " + std::to_string(at_ + 1) + ": expected " + std::string(expected);
    }
    at_ = text_.size();
    return "{}";
  }
  std::string word() {
    skip();
    const std::size_t begin = at_;
    const auto part = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '$';
    };
    while (at_ < text_.size() && part(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string alternatives() {
    std::vector<std::string> parts{both()};
    while (take('|')) parts.push_back(both());
    return parts.size() == 1 ? parts.front() : list_of("anyOf", parts);
  }
  std::string both() {
    std::vector<std::string> parts{with_suffix()};
    while (take('&')) parts.push_back(with_suffix());
    return parts.size() == 1 ? parts.front() : list_of("allOf", parts);
  }
  static std::string list_of(std::string_view word, const std::vector<std::string>& parts) {
    JsonWriter json;
    json.begin_object().key(word).begin_array();
    for (const std::string& part : parts) json.raw(part);
    json.end_array().end_object();
    return json.take();
  }

  std::string with_suffix() {
    std::string out = primary();
    for (;;) {
      if (take('[')) {
        if (!take(']')) return fail("']'");
        out = R"({"type":"array","items":)" + out + "}";
      } else if (take('?')) {
        out = R"({"anyOf":[)" + out + R"(,{"type":"null"}]})";
      } else {
        return out;
      }
    }
  }

  std::string primary() {
    if (next_is('{')) return object();
    if (next_is('\'')) return words();
    if (take('(')) {
      std::string out = alternatives();
      return take(')') ? out : fail("')'");
    }
    const std::string name = word();
    if (name.empty()) return fail("a type");
    if (name == "map") {
      if (!take('<')) return fail("'<'");
      const std::string value = alternatives();
      if (!take('>')) return fail("'>'");
      return R"({"type":"object","additionalProperties":)" + value + "}";
    }
    if (name == "integer" && next_is('(')) return bounded();
    for (const Primitive& primitive : kPrimitives) {
      if (primitive.name == name) return std::string(primitive.schema);
    }
    if (name[0] < 'A' || name[0] > 'Z') return fail("a type, not '" + name + "'");
    used_.insert(name);
    return R"({"$ref":"#/components/schemas/)" + name + R"("})";
  }

  std::string bounded() {
    take('(');
    const std::string low = word();
    if (!take('.') || !take('.')) return fail("'..'");
    const std::string high = word();
    if (low.empty() || high.empty() || !take(')')) return fail("'LOW..HIGH)'");
    return R"({"type":"integer","minimum":)" + low + R"(,"maximum":)" + high + "}";
  }

  std::string words() {
    JsonWriter json;
    json.begin_object().field("type", "string").key("enum").begin_array();
    do {
      if (!take('\'')) {
        return fail("a word in quotes");
      }
      const std::size_t end = text_.find('\'', at_);
      if (end == std::string_view::npos) return fail("a closing quote");
      json.value(text_.substr(at_, end - at_));
      at_ = end + 1;
    } while (more_words());
    json.end_array().end_object();
    return json.take();
  }
  bool more_words() {
    const std::size_t before = at_;
    if (take('|') && next_is('\'')) return true;
    at_ = before;
    return false;
  }

  std::string object() {
    take('{');
    JsonWriter properties;
    JsonWriter required;
    properties.begin_object();
    required.begin_array();
    while (!next_is('}')) {
      const std::string name = word();
      if (name.empty()) return fail("a member's name");
      const bool optional = take('?');
      if (!take(':')) return fail("':'");
      properties.key(name).raw(alternatives());
      if (!optional) required.value(name);
      if (!take(',') && !next_is('}')) return fail("',' or '}'");
    }
    take('}');
    properties.end_object();
    required.end_array();
    return R"({"type":"object","properties":)" + properties.take() + R"(,"required":)" +
           required.take() + "}";
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string error_;
  std::set<std::string>& used_;
};

}  // namespace

Result<std::string> schema_of(std::string_view type, std::set<std::string>& used) {
  return Parser(type, used).parse();
}

Result<std::vector<ParameterNotation>> parse_parameters(std::string_view text) {
  std::vector<ParameterNotation> out;
  // Commas within quotes, brackets or words do not occur in parameter types.
  for (std::string_view piece : base::split(text, ',')) {
    piece = base::trim(piece);
    if (piece.empty()) continue;
    ParameterNotation parameter;
    const std::size_t colon = piece.find(':');
    if (colon == std::string_view::npos) {
      return Error{ErrorCode::kInvalidArgument,
                   "'" + std::string(piece) + "': a parameter is name: type"};
    }
    std::string_view name = base::trim(piece.substr(0, colon));
    std::string_view type = base::trim(piece.substr(colon + 1));
    if (const std::size_t equal = type.find(" = "); equal != std::string_view::npos) {
      parameter.example = base::trim(type.substr(equal + 3));
      type = base::trim(type.substr(0, equal));
    }
    parameter.required = name.ends_with('!');
    if (parameter.required) name.remove_suffix(1);
    parameter.name = name;
    parameter.type = type;
    out.push_back(std::move(parameter));
  }
  return out;
}

}  // namespace honeyguide::server
