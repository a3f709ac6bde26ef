import type { Server } from "node:http";

export const CSP: string;
export interface FixtureState {
  profile: string;
  writes: { method: string; path: string; body: unknown }[];
}
export function createFixtureServer(options?: { profile?: string }): { server: Server; state: FixtureState };
