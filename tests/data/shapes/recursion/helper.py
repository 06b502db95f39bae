import asyncio

def halve(n, t=1.0):
    return halve(n - 1, t / 2) if n else t

def walk(n, t=1.0):
    yield t
    if n:
        yield from walk(n - 1, t / 2)

def ping(n, t=1):
    return [t] + pong(n, t)

def pong(n, t):
    return ping(n - 1, t + 1) if n else []

async def count(n, t=1.0):
    await asyncio.sleep(0)
    return await count(n - 1, t / 2) if n else t
