// Stands before DuckDB's own worker. It lets nothing be asked of another host, answers for the database's size, which
// the page knows (a host's HEAD may be refused, or say none), asks for no more than `MOST` bytes at once, and tells the
// page what is read and what fails.
{
  // DuckDB reads ahead, four times as far each time that it reads on, to 4 MB; it is content with fewer bytes.
  const MOST = 65536;
  const shortened = (range) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
    return last === undefined ? range : `bytes=${first}-${Math.min(Number(last), Number(first) + MOST - 1)}`;
  };
  const database = JSON.parse(self.name || "{}"); // its address and its size in bytes
  const own = (url) => {
    if (new URL(url, location.href).origin !== location.origin) throw new Error(`${url} is not of this site`);
  };
  addEventListener("unhandledrejection", (event) => postMessage({ failed: String(event.reason) }));

  const { open, send, setRequestHeader, getResponseHeader } = XMLHttpRequest.prototype;
  const heads = new WeakSet(); // requests for the database's size
  XMLHttpRequest.prototype.open = function (method, url, ...more) {
    own(url);
    if (method === "HEAD" && url === database.address) {
      heads.add(this);
      Object.defineProperty(this, "status", { value: 206 });
    } else open.call(this, method, url, ...more);
  };
  XMLHttpRequest.prototype.setRequestHeader = function (name, value) {
    if (heads.has(this)) return;
    setRequestHeader.call(this, name, name.toLowerCase() === "range" ? shortened(value) : value);
  };
  XMLHttpRequest.prototype.getResponseHeader = function (name) {
    if (!heads.has(this)) return getResponseHeader.call(this, name);
    return name.toLowerCase() === "content-length" ? String(database.bytes) : null;
  };
  XMLHttpRequest.prototype.send = function (body) {
    if (heads.has(this)) return;
    send.call(this, body);
    if (this.response instanceof ArrayBuffer) postMessage({ read: this.response.byteLength });
  };

  const { fetch } = self;
  self.fetch = async (what, ...more) => {
    own(what instanceof Request ? what.url : what);
    return fetch(what, ...more);
  };
  self.importScripts = () => {
    throw new Error("no script is loaded here");
  };
  for (const way of ["WebSocket", "WebSocketStream", "WebTransport", "EventSource", "Worker"]) delete self[way];
}
