"""How the runtime draws ids (runtime/generate/sample.h), written down again."""
import math

M = 2**64 - 1
G = 0x9E3779B97F4A7C15


def mix(x):
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & M
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & M
    return x ^ (x >> 31)


def random_of(seed, row, step):
    return (mix((mix((seed + (row + 1) * G) & M) + (step + 1) * G) & M) >> 11) * 2.0**-53


def draw(scores, random):
    """-> the id, and how far the random number lies from that of another id"""
    greatest = max(scores)
    weights = [math.exp(score - greatest) for score in scores]
    whole, total = 0.0, 0.0
    for weight in weights:
        whole += weight
    for id, weight in enumerate(weights):
        total += weight
        if total > random * whole:
            return id, min(total / whole - random, random - (total - weight) / whole)
