import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./app/theme.css";
import "./app/base.css";
import { App } from "./app/App";
import { applyStoredTheme } from "./app/theme";
import { DropTarget } from "./bundle/Drop";

applyStoredTheme();
const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <App />
    <DropTarget />
  </StrictMode>,
);
