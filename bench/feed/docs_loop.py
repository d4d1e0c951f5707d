"""The peer to be beaten: a broadcast as the FastAPI documentation teaches it, a loop that awaits each subscriber."""

from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect

app = FastAPI()
connections: list[WebSocket] = []


@app.websocket("/")
async def follow(websocket: WebSocket) -> None:
    """One subscriber, whose own messages are not listened to."""
    await websocket.accept()
    connections.append(websocket)
    try:
        while True:
            await websocket.receive_text()
    except WebSocketDisconnect:
        connections.remove(websocket)


@app.post("/publish")
async def publish(request: Request) -> None:
    """Tell everybody, one after the other."""
    text = (await request.body()).decode()
    for connection in connections:
        await connection.send_text(text)
