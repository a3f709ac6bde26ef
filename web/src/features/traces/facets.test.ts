// Proves that a click on a facet adds its word to the filter, or takes it away, and breaks no other word.
import { expect, test } from "vitest";
import { filterWord, toggleWord } from "./facets";

test("plain values are plain words, others are quoted", () => expect([filterWord("agent", "coder-2"), filterWord("tool", 'say "hi"')]).toEqual(["agent:coder-2", 'tool:"say \\"hi\\""']));
test.each([["", "a:1", "a:1"], ["a:1", "b:2", "a:1 b:2"], ["a:1 b:2", "a:1", "b:2"], ['x:"two words" "free text"', 'x:"two words"', '"free text"']])("%j with %j becomes %j", (q, word, next) => expect(toggleWord(q, word)).toBe(next));
