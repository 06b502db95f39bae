def segment(image, t=0.5): return image, t
