// A short notation for the types of JSON documents, and its translation to JSON Schema (2020-12, as
// OpenAPI 3.1 embeds it).
//
//   {id: string, score: number?, state: 'ok'|'bad', agents: AgentRef[], note?: string}
//
// `T?` may be null, `name?:` may be left out, `T[]` is a list, `map<T>` an object with any keys,
// `A & B` all members of both objects, `any` anything, `ns` an instant or length in nanoseconds as
// a decimal string, `integer(1..200)` a bounded number, `'a'|'b'` fixed words. A name that begins
// with a capital is a named type. Objects may hold further members.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace honeyguide::server {

// The schema as JSON text. Named types become references; their names are added to `used`.
// kInvalidArgument points at the character.
base::Result<std::string> schema_of(std::string_view type, std::set<std::string>& used);

// One parameter of "start: time = 1750000000, q!: string": a `!` marks a required one, `= text`
// gives an example.
struct ParameterNotation {
  std::string name;
  std::string type;
  bool required = false;
  std::string example;  // empty: none
};
base::Result<std::vector<ParameterNotation>> parse_parameters(std::string_view text);

}  // namespace honeyguide::server
