export const CHROMIUM: string;
export const hasChromium: boolean;
export const LAUNCH: { executablePath: string; args: string[] };
