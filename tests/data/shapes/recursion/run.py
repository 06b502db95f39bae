import asyncio

import helper

def run():
    got = [helper.halve(3), list(helper.walk(2)), helper.ping(3), asyncio.run(helper.count(2))]
    return {"got": str(got)}
