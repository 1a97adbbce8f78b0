// Stands before DuckDB's own worker. It tells the page how much is read and why the program does not start, and lets
// nothing be asked of another host.
{
  addEventListener("unhandledrejection", (event) => postMessage({ failed: String(event.reason) }));
  const { open, send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method, url, ...more) {
    if (new URL(url, location.href).origin !== location.origin) throw new Error(`${url} is not of this site`);
    open.call(this, method, url, ...more);
    // The browser would answer by the length of the part that it keeps.
    if (method === "HEAD") this.setRequestHeader("cache-control", "no-cache");
  };
  XMLHttpRequest.prototype.send = function (body) {
    send.call(this, body);
    if (this.response instanceof ArrayBuffer) postMessage({ read: this.response.byteLength });
  };
}
