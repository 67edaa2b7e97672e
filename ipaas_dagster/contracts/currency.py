"""Currencies: ISO 4217 codes with their minor units, and the symbols that mean one currency only."""

from __future__ import annotations

_EXPONENTS: dict[int, str] = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD "
        "CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP "
        "GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD "
        "MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR "
        "PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP "
        "TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG ZWL"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
"""Digits after the decimal point -> codes. Metals, units of account and test codes are no money here."""

EXPONENTS: dict[str, int] = {code: digits for digits, codes in _EXPONENTS.items() for code in codes.split()}

SYMBOLS: dict[str, str] = {
    "$": "USD",  # the document's own; other dollars have letters
    "US$": "USD",
    "C$": "CAD",
    "CA$": "CAD",
    "A$": "AUD",
    "AU$": "AUD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "S$": "SGD",
    "NT$": "TWD",
    "MX$": "MXN",
    "R$": "BRL",
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "₩": "KRW",
    "₽": "RUB",
    "₺": "TRY",
    "₪": "ILS",
    "₫": "VND",
    "₴": "UAH",
    "₦": "NGN",
    "₱": "PHP",
    "₲": "PYG",
    "₡": "CRC",
    "₸": "KZT",
    "₮": "MNT",
    "₭": "LAK",
    "₵": "GHS",
    "₾": "GEL",
    "₼": "AZN",
    "฿": "THB",
    "៛": "KHR",
    "ZŁ": "PLN",
    "KČ": "CZK",
}
"""Symbols in upper case. `¥` (yen or yuan, 0 or 2 digits) and `kr` mean several currencies: not here."""


def resolve(text: str) -> str | None:
    """The ISO code that a code or symbol means, whatever its case; None where it means none or several."""
    wanted = text.strip().upper()
    return wanted if wanted in EXPONENTS else SYMBOLS.get(wanted)


def exponent(currency: str) -> int:
    """Digits of the minor unit: 2 for USD (100 cents), 0 for JPY. Raises KeyError for what is no ISO code."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise KeyError(f"{currency!r} is no ISO 4217 currency code") from None
