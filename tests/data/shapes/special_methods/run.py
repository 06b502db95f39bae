from helper import Box, Secret, Single

def run():
    return {"got": str([Box().area, Secret().use(), Single().t])}
