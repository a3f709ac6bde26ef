import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { startTheme } from "@/base/theme";
import { makeRouter } from "./router";
import "@/base/tokens.css";
import "@/base/fonts.css";
import "@/base/reset.css";
import "@/base/parts.css";

startTheme();
const client = new QueryClient({ defaultOptions: { queries: { refetchOnWindowFocus: false } } });
const container = document.getElementById("root");
if (container) {
  createRoot(container).render(
    <StrictMode>
      <CSPProvider disableStyleElements>
        <QueryClientProvider client={client}>
          <RouterProvider router={makeRouter() as never} />
        </QueryClientProvider>
      </CSPProvider>
    </StrictMode>,
  );
}
