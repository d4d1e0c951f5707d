// What a screen does, by the plain WebSocket of browsers and of npm's ws: follows /live, narrows it, and says goodbye.
// `report` is called with "ready" after the first state and with all that was seen when the connection has ended.
function follow(WebSocketClass, url, report) {
  const socket = new WebSocketClass(url);
  const seen = [];
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    seen.push(message);
    if (seen.length === 1) report("ready");
    if (message.type === "snapshots")
      socket.send(JSON.stringify({ type: "subscribe", device_ids: [message.snap_shots[0].device_id] }));
    if (message.type === "state" && seen.length > 1) socket.close(1000, "enough");
  };
  socket.onclose = (event) => {
    const types = seen.map((message) => message.type);
    const devices = seen.filter((message) => message.type === "state").map((message) => message.devices.length);
    report({ types, devices, extensions: socket.extensions, code: event.code, wasClean: event.wasClean });
  };
}
