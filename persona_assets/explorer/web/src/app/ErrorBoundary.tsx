import { Component, type ReactNode } from "react";

/** What a page could not draw stays inside the page; another address gets another try. */
export class ErrorBoundary extends Component<{ at: string; children: ReactNode }, { error: Error | null; at: string }> {
  override state = { error: null as Error | null, at: this.props.at };

  static getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  static getDerivedStateFromProps(props: { at: string }, state: { at: string }) {
    return props.at === state.at ? null : { error: null, at: props.at };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <div className="state" role="alert">
        <strong>This page could not be drawn</strong>
        <span className="muted untrusted">{this.state.error.message}</span>
        <span className="choices">
          <button onClick={() => this.setState({ error: null })}>Try again</button>{" "}
          <button onClick={() => location.reload()}>Reload</button>
        </span>
      </div>
    );
  }
}
