"""Tiny stories in two worlds, made by a grammar that keeps account of who holds which thing.

Each names its two friends and what they have, lets things change hands, lie somewhere and be found, and
ends by saying who has what: a model has to keep account too, and `ends_right` tells whether it did.
"""
import dataclasses, re

SHE = "Zoë Mira Åsa Chloé Łucja Ines Noor Tove Žofia Renée Ayşe Greta Lina Maëlle".split()
HE = "Otto Søren Nuño Jürgen Tomáš Björn Emil Ravi Kofi Zoltán Çetin Luís Pavel Ørjan".split()

@dataclasses.dataclass
class World:
    kinds: dict
    colours: list
    things: list
    places: list
    homes: str
    times: list
    going: list
    between: list
    end: str

VILLAGE = World(
    dict(fox="🦊", hare="🐇", badger="🦡", hedgehog="🦔", bear="🐻", duck="🦆", beaver="🦫", wolf="🐺", frog="🐸", mouse="🐭"),
    "red blue soft tiny wooden silver green striped".split(),
    "lantern kettle flute basket scarf drum ribbon spoon".split(),
    "mill well bridge orchard pond barn gate hill".split(), "who lived by the",
    ["One windy morning", "One quiet evening", "The next day", "After breakfast", "When the rain stopped", "Before dinner"],
    ["{a} walked to the {p}", "{a} and {b} met by the {p}", "{a} took a nap near the {p}", "{a} ran down to the {p} with {b}"],
    ["{b} laughed.", "The wind was soft.", "“How lovely,” said {b}.", "{a} was happy.", "They ate warm bread with honey."],
    "The end.")
SPACE = World(
    dict(robot="🤖", pilot="🚀", gardener="🌱", mechanic="🔧", captain="🧭", doctor="🩺", painter="🎨", cook="🍳"),
    "glowing spare golden broken round purple frozen silent".split(),
    "helmet compass battery antenna radio telescope magnet crystal".split(),
    "airlock greenhouse reactor crater dome hangar mast shuttle".split(), "who lived on a moon near the",
    ["On the third orbit", "After the meteor shower", "When the sun came round", "During the long night", "At full thrust", "While the engines slept"],
    ["{a} floated to the {p}", "{a} and {b} docked at the {p}", "{a} counted stars near the {p}", "{a} drifted past the {p} with {b}"],
    ["{b} blinked twice.", "The stars did not move.", "“Copy that,” said {b}.", "{a} checked the oxygen.", "They drank cold tea from a tube."],
    "End of the log.")

def story(rng, w):
    names = [(n, "she", "her") for n in SHE] + [(n, "he", "his") for n in HE]
    (a, he, his), (b, _, _) = rng.sample(names, 2)
    things = rng.sample(w.things, 3)
    # Who or what place has each thing.
    where = {things[0]: a, things[1]: b} | ({things[2]: a} if rng.random() < 0.4 else {})
    own = " and ".join(f"a {rng.choice(w.colours)} {t}" for t in where if where[t] == a)
    kind = rng.choice(list(w.kinds))
    text = [f"Once there was a {kind} named {a} {w.homes} {rng.choice(w.places)}, and {he} had {own}.",
            f"{his.capitalize()} friend {b} the {rng.choice(list(w.kinds))} had a {rng.choice(w.colours)} {things[1]}."]
    for _ in range(rng.randint(2, 5)):
        x, y = rng.sample([a, b], 2)
        of_x, of_y = ([t for t in where if where[t] == one] for one in (x, y))
        lying = [t for t in where if where[t] not in (a, b)]
        act = rng.choice([act for act, can in (("give", of_x), ("leave", of_x), ("find", lying), ("trade", of_x and of_y), ("rest", True)) if can])
        t = rng.choice(lying if act == "find" else of_x or [None])
        p = where[t] if act == "find" else rng.choice(w.places)
        if act == "rest" or rng.random() < 0.5: text.append(f"{rng.choice(w.times)} {rng.choice(w.going).format(a=x, b=y, p=p)}.")
        if act == "give":
            where[t] = y
            text.append(f"{x} gave the {t} to {y}." + rng.choice(["", f" “Thank you, {x},” said {y}."]))
        elif act == "leave":
            where[t] = p
            text.append(f"{x} left the {t} by the {p}.")
        elif act == "find":
            where[t] = x
            text.append(f"{x} found the {t} by the {p}.")
        elif act == "trade":
            u = rng.choice(of_y)
            where[t], where[u] = y, x
            text.append(f"{x} traded the {t} for the {u} of {y}.")
        if rng.random() < 0.3: text.append(rng.choice(w.between).format(a=x, b=y))
    holds = lambda one: " and ".join(f"the {t}" for t in sorted(where) if where[t] == one) or "nothing"
    text.append(f"In the end {a} had {holds(a)}, and {b} had {holds(b)}. {w.end} {w.kinds[kind]}")
    return " ".join(text)

def ends_right(text, w):
    """Whether the last sentence follows from the others; None where there is no such sentence."""
    thing = f"({'|'.join(w.things)})"
    body, end, last = text.partition(" In the end ")
    begin = re.match(rf"Once there was a \w+ named (\w+) .*? had (.*?)\. \w+ friend (\w+) the \w+ had a (.*?)\.", body)
    claims = re.match(r"(\w+) had (.*?), and (\w+) had (.*?)\.", last)
    if not begin or not claims: return None
    a, first, b, second = begin.groups()
    where = {t: a for t in re.findall(thing, first)} | {t: b for t in re.findall(thing, second)}
    for s in body.split("."):
        if m := re.search(rf"(\w+) gave the {thing} to (\w+)", s): where[m[2]] = m[3]
        elif m := re.search(rf"\w+ left the {thing} by the (\w+)", s): where[m[1]] = m[2]
        elif m := re.search(rf"(\w+) found the {thing} by the", s): where[m[2]] = m[1]
        elif m := re.search(rf"(\w+) traded the {thing} for the {thing} of (\w+)", s): where[m[2]], where[m[3]] = m[4], m[1]
    held = lambda one: {t for t in where if where[t] == one}
    return (claims[1], claims[3]) == (a, b) and set(re.findall(thing, claims[2])) == held(a) and set(re.findall(thing, claims[4])) == held(b)
