import asyncio
import inspect

import helper

async def main():
    got = [await helper.fetch(1), *await asyncio.gather(helper.fetch(2), helper.fetch(3))]
    return [*got, [each async for each in helper.stream()]]

def run():
    got = asyncio.run(main())
    return {"got": str(got), "is": str((inspect.iscoroutinefunction(helper.fetch), inspect.isasyncgenfunction(helper.stream)))}
