import asyncio

async def fetch(i, t=0.5):
    await asyncio.sleep(0)
    return t

async def stream(t=0.5):
    yield t
