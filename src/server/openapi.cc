#include "server/openapi.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/check.h"
#include "base/json_writer.h"
#include "base/strings.h"
#include "server/type_notation.h"

namespace honeyguide::server {
namespace {

using base::JsonWriter;

constexpr std::pair<int, std::string_view> kErrorTexts[] = {
    {400, "A parameter or the body is not what it must be."},
    {401, "The token is unknown, or one is needed."},
    {403, "Another role is needed, or the request comes from a foreign page."},
    {404, "There is no such thing."},
    {409, "It conflicts with how things are now."},
    {410, "It has expired or was deleted."},
    {413, "The body is too large."},
    {415, "The body is not JSON."},
    {429, "Too much at once; try again."},
    {499, "The client went away."},
    {500, "The server failed."},
    {501, "This build does not do that."},
    {503, "Too many queries wait, or the store cannot take this now; try again."},
    {504, "The query took longer than query_deadline."},
};

constexpr Role kRoles[] = {kRoleIngest, kRoleAgent, kRoleRead, kRoleOperate, kRoleAdmin};
constexpr std::string_view kRoleNames[] = {"ingest", "agent", "read", "operate", "admin"};

std::string_view name_of(Role role) {
  for (std::size_t i = 0; i < std::size(kRoles); ++i) {
    if (kRoles[i] == role) return kRoleNames[i];
  }
  return "read";
}

const RouteDoc* find_doc(const std::string& route) {
  for (const RouteDoc& doc : route_docs()) {
    if (doc.route == route) return &doc;
  }
  return nullptr;
}

// Paths of APIs that other tools define.
bool is_foreign(std::string_view pattern) {
  return pattern.starts_with("/api/") && !pattern.starts_with("/api/v1/") &&
         !pattern.starts_with("/api/v1");
}

class Writer {
 public:
  explicit Writer(const std::string& base_path) : base_path_(base_path) {}

  std::string write(const RouteTable& routes) {
    std::map<std::string, std::vector<const Route*>> paths;
    for (const Route& route : routes.routes()) paths[route.pattern].push_back(&route);
    json_.begin_object().field("openapi", "3.1.0");
    write_info();
    json_.key("paths").begin_object();
    for (const auto& [pattern, methods] : paths) {
      json_.key(pattern).begin_object();
      for (const Route* route : methods) write_operation(*route);
      json_.end_object();
    }
    json_.end_object();
    write_components();
    write_unused(routes);
    json_.end_object();
    return json_.take();
  }

 private:
  void write_info() {
    json_.key("info").begin_object().field("title", "honeyguide").field("version", HG_VERSION);
    json_.field("summary", "Traces, agents, alerts and control of multi-agent systems.");
    json_.end_object();
    json_.key("servers").begin_array().begin_object();
    json_.field("url", base_path_.empty() ? std::string("/") : base_path_).end_object();
    json_.end_array();
    // A token, or the page's cookie; on loopback reading needs neither.
    json_.key("security").raw(R"([{},{"token":[]},{"session":[]}])");
  }

  std::string schema(std::string_view type) {
    auto text = schema_of(type, used_);
    HG_CHECK(text.has_value());
    return *std::move(text);
  }

  static std::string operation_id(const Route& route) {
    std::string out = base::to_lower(route.method);
    for (const std::string_view piece : base::split(route.pattern, '/')) {
      const bool ours = !is_foreign(route.pattern);
      if (piece.empty() || (ours && (piece == "api" || piece == "v1"))) continue;
      out += '_';
      for (const char c : piece) {
        if (c == '{' || c == '}') continue;
        out += c == '-' || c == '.' ? '_' : c;
      }
    }
    return out;
  }

  void write_operation(const Route& route) {
    const RouteDoc* doc = find_doc(route.method + " " + route.pattern);
    json_.key(base::to_lower(route.method)).begin_object();
    json_.field("operationId", operation_id(route));
    json_.field("x-role", name_of(route.role));
    if (doc == nullptr) {
      if (is_foreign(route.pattern)) {
        json_.key("tags").raw(R"(["compatible"])");
        json_.field("summary", "Defined by the tool whose API this is.");
      } else {
        json_.field("x-undocumented", true);
      }
    } else {
      json_.key("tags").begin_array().value(doc->tag).end_array();
      json_.field("summary", doc->summary);
    }
    write_parameters(route, doc);
    if (doc != nullptr && !doc->body.empty()) {
      json_.key("requestBody").begin_object().field("required", true).key("content");
      json_.begin_object().key("application/json").begin_object().key("schema");
      json_.raw(schema(doc->body)).end_object().end_object().end_object();
    }
    write_responses(route, doc);
    json_.end_object();
  }

  void write_parameter(std::string_view name, std::string_view in, bool required,
                       std::string_view type, std::string_view example) {
    json_.begin_object().field("name", name).field("in", in).field("required", required);
    // A word that is left empty counts as absent.
    const bool words = type.starts_with('\'');
    json_.key("schema").raw(schema(words ? std::string(type) + "|''" : std::string(type)));
    if (!example.empty()) json_.field("example", example);
    json_.end_object();
  }

  void write_parameters(const Route& route, const RouteDoc* doc) {
    json_.key("parameters").begin_array();
    for (const std::string_view piece : base::split(route.pattern, '/')) {
      if (!piece.starts_with('{')) continue;
      const std::string_view name = piece.substr(1, piece.size() - 2);
      write_parameter(name, "path", true, "string", "");
    }
    if (doc != nullptr) {
      const auto parameters = parse_parameters(doc->query);
      HG_CHECK(parameters.has_value());
      for (const ParameterNotation& parameter : *parameters) {
        write_parameter(parameter.name, "query", parameter.required, parameter.type,
                        parameter.example);
      }
    }
    json_.end_array();
  }

  std::set<int> statuses(const Route& route, const RouteDoc* doc) const {
    std::set<int> out{400, 401, 403, 429, 500, 503, 504};
    if (route.pattern.find('{') != std::string::npos) out.insert(404);
    if (route.method != "GET") out.insert({409, 413, 415});
    if (doc == nullptr) return out;
    for (const std::string_view text : base::split(doc->errors, ' ')) {
      if (const auto status = base::parse_int64(text)) out.insert(static_cast<int>(*status));
    }
    return out;
  }

  void write_responses(const Route& route, const RouteDoc* doc) {
    json_.key("responses").begin_object().key("200").begin_object();
    json_.field("description", "The answer.").key("content").begin_object();
    const std::string_view answer = doc == nullptr ? "any" : doc->answer;
    if (answer.find('/') != std::string_view::npos && !answer.starts_with('{')) {
      json_.key(answer).begin_object().key("schema").raw(R"({"type":"string"})").end_object();
    } else {
      json_.key("application/json").begin_object().key("schema").raw(schema(answer)).end_object();
    }
    json_.end_object().end_object();
    for (const int status : statuses(route, doc)) {
      json_.key(std::to_string(status));
      if (is_foreign(route.pattern)) {
        json_.raw(R"({"description":"As the tool defines it.","content":{"application/json":{}}})");
      } else {
        json_.raw(R"({"$ref":"#/components/responses/E)" + std::to_string(status) + R"("})");
      }
    }
    json_.end_object();
  }

  // Entries that no route of this server has: what its flags turn off.
  void write_unused(const RouteTable& routes) {
    json_.key("x-not-served").begin_array();
    for (const RouteDoc& doc : route_docs()) {
      const auto& all = routes.routes();
      const bool served = std::any_of(all.begin(), all.end(), [&](const Route& route) {
        return route.method + " " + route.pattern == doc.route;
      });
      if (!served) json_.value(doc.route);
    }
    json_.end_array();
  }

  void write_components() {
    json_.key("components").begin_object().key("schemas").begin_object();
    std::set<std::string> written;
    // Types use types: until nothing new is named.
    while (written != used_) {
      const std::set<std::string> round = used_;
      for (const std::string& name : round) {
        if (!written.insert(name).second) continue;
        const auto docs = type_docs();
        const auto found = std::find_if(docs.begin(), docs.end(),
                                        [&](const TypeDoc& doc) { return doc.name == name; });
        HG_CHECK(found != docs.end());
        json_.key(name).raw(schema(found->type));
      }
    }
    json_.end_object();
    json_.key("responses").begin_object();
    for (const auto& [status, text] : kErrorTexts) {
      json_.key("E" + std::to_string(status)).begin_object().field("description", text);
      json_.key("content").begin_object().key("application/json").begin_object().key("schema");
      json_.raw(schema("Error")).end_object().end_object().end_object();
    }
    json_.end_object();
    json_.key("securitySchemes").begin_object();
    json_.key("token").raw(R"({"type":"http","scheme":"bearer"})");
    json_.key("session").raw(R"({"type":"apiKey","in":"cookie","name":"honeyguide_session"})");
    json_.end_object().end_object();
  }

  const std::string& base_path_;
  JsonWriter json_;
  std::set<std::string> used_{"Error"};
};

}  // namespace

std::string openapi_json(const RouteTable& routes, const std::string& base_path) {
  return Writer(base_path).write(routes);
}

void add_openapi_route(RouteTable& routes, const std::string& base_path) {
  routes.add({.method = "GET",
              .pattern = "/api/v1/openapi.json",
              .handler = [&routes, base_path](const ApiRequest&) {
                return json_response(openapi_json(routes, base_path));
              }});
}

}  // namespace honeyguide::server
