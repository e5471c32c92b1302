/// The calendars that the program knows, in the words of docs/calendars.md, which says what they were checked against.
enum CalendarData {
    static let text = american + european + asian + other

    private static let american = """
        calendar XNYS XNAS XASE ARCX BATS IEXG
        name New York Stock Exchange and Nasdaq
        venues US NYSE NASDAQ ARCA AMEX BATS IEX
        clock America/New_York New York
        covers 1998-01-01 2027-12-31
        hours 09:30-16:00
        auction 1
        holiday 01-01 sun>mon
        holiday 3rd mon 01
        holiday 3rd mon 02
        holiday easter-2
        holiday last mon 05
        holiday 06-19 sat>fri sun>mon since 2022
        holiday 07-04 sat>fri sun>mon
        holiday 1st mon 09
        holiday 4th thu 11
        holiday 12-25 sat>fri sun>mon
        # Attacks of 11 September, days of mourning, hurricane Sandy.
        holiday 2001-09-11..2001-09-14 2004-06-11 2007-01-02 2012-10-29..2012-10-30 2018-12-05 2025-01-09
        early 13:00 4th thu 11 +1
        early 13:00 07-03
        early 13:00 12-24
        # Independence Day on a Thursday: the Friday behind it until 2012.
        regular 2002-07-03
        early 13:00 1999-12-31 2002-07-05 2003-12-26

        """

    private static let european = """
        calendar XLON
        name London Stock Exchange
        venues LSE LONDON
        clock Europe/London London
        covers 2015-01-01 2027-12-31
        hours 08:00-16:30
        auction 10
        holiday 01-01 sat>mon sun>mon
        holiday easter-2
        holiday easter+1
        holiday 1st mon 05
        holiday last mon 05
        holiday last mon 08
        holiday 12-25 sat>mon sun>tue
        holiday 12-26 sat>mon sun>tue
        # Bank holidays that were moved or added: end of war, jubilee, funeral, coronation.
        open 2020-05-04 2022-05-30
        holiday 2020-05-08 2022-06-02..2022-06-03 2022-09-19 2023-05-08
        early 12:30 before 12-25
        early 12:30 before 01-01

        calendar XPAR XAMS XBRU XLIS
        name Euronext Paris, Amsterdam, Brussels and Lisbon
        venues EURONEXT Euronext
        clock Europe/Paris Paris
        covers 2015-01-01 2027-12-31
        hours 09:00-17:30
        auction 10
        holiday 01-01
        holiday easter-2
        holiday easter+1
        holiday 05-01
        holiday 12-25
        holiday 12-26
        early 14:05 12-24
        early 14:05 12-31

        calendar XETR XFRA
        name Xetra
        venues XETRA FRANKFURT
        clock Europe/Berlin Frankfurt
        covers 2015-01-01 2027-12-31
        hours 09:00-17:30
        auction 10
        holiday 01-01
        holiday easter-2
        holiday easter+1
        holiday 05-01
        holiday easter+50 until 2021
        holiday 10-03 until 2021
        holiday 2017-10-31
        holiday 12-24
        holiday 12-25
        holiday 12-26
        holiday 12-31
        early 14:00 before 12-31

        """

    private static let asian = """
        calendar XHKG
        name Hong Kong Exchanges and Clearing
        venues HKEX HK
        clock Asia/Hong_Kong Hong Kong
        covers 2024-01-01 2027-12-31
        hours 09:30-12:00 13:00-16:00
        auction 12
        holiday 01-01 sun>mon
        holiday easter-2
        holiday easter+1
        holiday 05-01 sun>mon
        holiday 07-01 sun>mon
        holiday 10-01 sun>mon
        holiday 12-25 sun>tue
        holiday 12-26 sun>mon
        # By the moon: New Year, Ching Ming, Buddha, Dragon Boat, Mid-Autumn, Chung Yeung; and a typhoon in 2024.
        holiday 2024-02-12..2024-02-13 2024-04-04 2024-05-15 2024-06-10 2024-09-18 2024-10-11
        holiday 2024-09-06
        holiday 2025-01-29..2025-01-31 2025-04-04 2025-05-05 2025-10-07 2025-10-29
        holiday 2026-02-17..2026-02-19 2026-04-07 2026-05-25 2026-06-19 2026-10-19
        holiday 2027-02-08..2027-02-09 2027-04-05 2027-05-13 2027-06-09 2027-09-16 2027-10-08
        early 12:00 12-24
        early 12:00 12-31
        early 12:00 2024-02-09 2025-01-28 2026-02-16 2027-02-05

        calendar XTKS
        name Tokyo Stock Exchange
        venues JPX TSE TYO
        clock Asia/Tokyo Tokyo
        covers 2024-01-01 2027-12-31
        hours 09:00-11:30 12:30-15:00
        hours 09:00-11:30 12:30-15:30 since 2024-11-05
        auction 5
        holiday 01-01
        holiday 01-02
        holiday 01-03
        holiday 2nd mon 01
        holiday 02-11 sun>mon
        holiday 02-23 sun>mon
        holiday 04-29 sun>mon
        holiday 05-03 sun>wed
        holiday 05-04 sun>tue
        holiday 05-05 sun>mon
        holiday 3rd mon 07
        holiday 08-11 sun>mon
        holiday 3rd mon 09
        holiday 2nd mon 10
        holiday 11-03 sun>mon
        holiday 11-23 sun>mon
        holiday 12-31
        # Equinoxes, and the day between two holidays.
        holiday 2024-03-20 2024-09-23 2025-03-20 2025-09-23 2026-03-20 2026-09-22..2026-09-23 2027-03-22 2027-09-23

        calendar XSHG XSHE
        name Shanghai and Shenzhen Stock Exchanges
        venues SSE SZSE
        clock Asia/Shanghai Shanghai
        covers 2024-01-01 2026-12-31
        hours 09:30-11:30 13:00-15:00
        auction 5
        holiday 2024-01-01 2024-02-09..2024-02-16 2024-04-04..2024-04-05 2024-05-01..2024-05-03 2024-06-10
        holiday 2024-09-16..2024-09-17 2024-10-01..2024-10-07
        holiday 2025-01-01 2025-01-28..2025-02-04 2025-04-04 2025-05-01..2025-05-05 2025-06-02 2025-10-01..2025-10-08
        holiday 2026-01-01..2026-01-02 2026-02-16..2026-02-23 2026-04-06 2026-05-01..2026-05-05 2026-06-19 2026-09-25
        holiday 2026-10-01..2026-10-07
        # Of 2027 only the days that the law names; the State Council adds others around them.
        holiday 2027-01-01 2027-02-05..2027-02-08 2027-04-05 2027-06-09 2027-09-15 2027-10-01

        """

    private static let other = """
        calendar FX
        name Currencies between banks
        venues FX FOREX FXCM OANDA DUKASCOPY TRUEFX HISTDATA
        clock America/New_York New York
        hours <17:00-17:00
        # No law closes this market; on these two days nobody quotes.
        holiday 01-01
        holiday 12-25

        calendar 24/7
        name Markets that never close
        venues BINANCE BINANCE_USDM BINANCE_COINM COINBASE KRAKEN BITFINEX BITSTAMP BYBIT DERIBIT OKX KUCOIN GEMINI
        clock UTC UTC
        week mon tue wed thu fri sat sun
        hours 00:00-24:00
        """
}
