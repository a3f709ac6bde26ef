// The OpenAPI document: the router's own table with what api_docs says about each route.
#pragma once

#include <string>

#include "server/api.h"

namespace honeyguide::server {

// What is said about one route. Types are in the notation of type_notation.h.
struct RouteDoc {
  std::string_view route;    // "GET /api/v1/traces"
  std::string_view tag;      // "traces"
  std::string_view summary;  // one sentence
  std::string_view query;    // parameters
  std::string_view body;     // type of the JSON body; empty: none
  std::string_view answer;   // type of the JSON answer; a media type such as "text/plain" otherwise
  std::string_view errors;   // further statuses, "404 410"; those of every route are added
};

struct TypeDoc {
  std::string_view name;
  std::string_view type;
  std::string_view description;
};

std::span<const RouteDoc> route_docs();
std::span<const TypeDoc> type_docs();

// OpenAPI 3.1 as JSON. Routes of other tools' APIs (Jaeger, Prometheus, Alertmanager) stand in
// their own documents and are listed with their paths only. A route without an entry carries
// "x-undocumented": true, which a test refuses. HG_CHECKs that every type parses.
std::string openapi_json(const RouteTable& routes, const std::string& base_path);

// GET /api/v1/openapi.json, over the table as it is once all routes are added. `routes` must
// outlive itself: it is the table that the route is added to.
void add_openapi_route(RouteTable& routes, const std::string& base_path);

}  // namespace honeyguide::server
