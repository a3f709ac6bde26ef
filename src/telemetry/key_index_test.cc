// Proves that every key is found at its own index and no other, from one key to many thousand.
#include "telemetry/key_index.h"

#include <string>

#include <gtest/gtest.h>

namespace honeyguide::telemetry {
namespace {

TEST(KeyIndexTest, EveryKeyIsFoundWhereItStandsAtEverySize) {
  std::vector<std::string> texts;
  for (int i = 0; i < 5000; ++i) texts.push_back("key." + std::to_string(i * 7919));
  std::vector<std::string_view> keys;
  KeyIndex index;
  EXPECT_FALSE(index.find(keys, "key.0"));
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_FALSE(index.find(keys, texts[i]));
    keys.push_back(texts[i]);
    index.add(keys);
    EXPECT_EQ(index.find(keys, texts[i]), i);
    EXPECT_EQ(index.find(keys, texts[i / 2]), i / 2);
  }
  EXPECT_FALSE(index.find(keys, ""));
  EXPECT_FALSE(index.find(keys, "key.1"));
}

}  // namespace
}  // namespace honeyguide::telemetry
