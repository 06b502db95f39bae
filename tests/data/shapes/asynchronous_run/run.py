import asyncio

async def run(t=0.5):
    await asyncio.sleep(0)
    return {"t": str(t)}
