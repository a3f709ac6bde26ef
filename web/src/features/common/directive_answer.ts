// What an agent says to a directive: asked after it was given, for as long as an agent has to answer.
import * as v from "valibot";
import { getDocument } from "@/api/client";
import { encode } from "@/api/use_document";

const ASK_EVERY_MS = 1000;
const ASK_AT_MOST = 60;

const answer = v.object({ control: v.object({ directive: v.string(), ack_state: v.nullable(v.string()) }) });

/** "obeyed" or "refused"; null if the agent gave no answer within a minute or has another directive by now. */
export async function answerOf(agent: string, directive: string): Promise<"obeyed" | "refused" | null> {
  for (let i = 0; i < ASK_AT_MOST; i += 1) {
    await new Promise((done) => setTimeout(done, ASK_EVERY_MS));
    const said = await getDocument(answer, `agents/${encode(agent)}`).catch(() => null);
    if (said === null) continue;
    if (said.control.directive !== directive) return null;
    if (said.control.ack_state === "obeyed" || said.control.ack_state === "refused") return said.control.ack_state;
  }
  return null;
}
