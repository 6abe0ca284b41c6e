"""The classes of GOO (Tomas et al. 2021), by label, as GaTector (Wang et al. 2022) counts them."""

GOO_CLASSES = (
    "None",  # a placeholder: no object has this label
    "Kellogg Corn Flakes",
    "Honey Stars",
    "Koko Krunch",
    "Fita",
    "Mamon",
    "Buttercake",
    "Wafer",
    "Choco Crunchies",
    "iHop",
    "Butterlicious",
    "Pik-nik",
    "Pringles",
    "Super Fruits",
    "Locally Mango",
    "Camomille",
    "Oishi Prawn",
    "Kimchi Noodles",
    "Grahams",
    "Hansel",
    "Danisa",
    "Chocolate Chips",
    "Fresh Milk",
    "Bear brand",
    "Chuckie",
    "Head",
)
HEAD = 25
"""The label of a person's head, which is no object to look at."""
