"""Words that generated records are made of, ready to stand inside a JSON string.

Scripts, directions, combining marks, emoji, escapes are here on purpose: texts must come out as they went in.
"""

from __future__ import annotations

import json


def _inside(*texts: str) -> tuple[str, ...]:
    return tuple(json.dumps(text, ensure_ascii=False)[1:-1] for text in texts)


COMPANIES = _inside(
    "Acme", "Blue Heron", "Cobalt", "Dunmore", "Evergreen", "Foxglove", "Granite", "Harbour", "Juniper",
    "Königsberg Söhne", "Łódź Handel", "Çelik", "Ærø Værft", "Señor Peña", "Naïve Café",
    "東京商事", "上海贸易", "서울전자", "บริษัทสยาม", "हिमालय",
    "شركة النيل", "חברת הגליל", "Ωμέγα", "Москва Торг",
    "Rocket 🚀", "Family 👨‍👩‍👧", "Flag 🇯🇵",
    "e\u0301clair", 'The "Quoted"', "Back\\slash", "Tab\there", "O'Neil",
)  # fmt: skip
SUFFIXES = _inside("Inc.", "Ltd", "GmbH", "株式会社", "S.A.", "Group", "& Co", "有限公司", "ООО", "بع.م", "AB", "LLC")
PEOPLE = _inside(
    "Ada Moreau", "Björn Åkesson", "Chidi Okafor", "Dilnoza Karimova", "Elif Yılmaz", "Fatima الزهراء",
    "Goran Đorđević", "陈伟", "田中さくら", "김민준", "יעל כהן",
    "Nguyễn Thị Hoa", "Olga Иванова", "Zoë O'Brien",
)  # fmt: skip
PLACES = _inside(
    "1 Rue de l'Église|Lyon|ARA|France", "2-1-1 Nihonbashi|東京|東京都|Japan",
    "77 King Street|London|ENG|United Kingdom",
    "500 Market Street|San Jose|CA|United States", "Hauptstraße 9|Köln|NRW|Germany",
    "شارع التحرير|القاهرة|C|Egypt",
    "Av. Córdoba 100, 3º B|Buenos Aires|BA|Argentina", "9 \"The Mews\"|Cork|CO|Ireland",
)  # fmt: skip
GOODS = _inside(
    "Seat licence", "Support plan ✓", "On-site day", "データ連携",
    "Übersetzung", "Storage 1 TB", "تدريب", "Setup fee",
    "Analytics | pro", "Consulting, hourly", "Gift card 🎁", "Handbook; printed",
)  # fmt: skip
