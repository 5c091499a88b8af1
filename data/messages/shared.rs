//! Defines phrases that ham and spam share, so that common words do not identify a class.

/// Phrase rules in the notation of `Grammar`.
pub(crate) const RULES: &str = "
name: Anna | Ben | Clara | Dev | Ella | Farid | Greta | Hugo | Ines | Jonas | Kira | Leo | Maya
| Nils | Olga | Petra | Rosa | Sam | Tara | Uma | Viktor | Wanda | Yusuf | Zoe
day: Monday | Tuesday | Wednesday | Thursday | Friday | Saturday | Sunday
when: today | tonight | tomorrow | on {day} | this {day} | next {day} | {day} evening | later
| {day} around {time} | tomorrow at {time} | at the weekend | in the morning
soon: today | now | by {time} | within {digit}# hours | before {day} | tonight | this week | by tomorrow
morning: 7 | 8 | 9 | 10 | 11
afternoon: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8
time: {morning}:{quarter} | {afternoon}:{quarter} | {morning} am | {afternoon} pm | noon
quarter: 00 | 05 | 10 | 15 | 20 | 30 | 40 | 45 | 50
digit: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9
count: two | three | four | five | six | seven | eight | ten | 1# | a couple of
percent: 5% | 10% | 15% | 20% | 25% | 30% | 40% | 50%
cur: $ | £ | €
small: {cur}{digit}.## | {cur}1.99 | {cur}2.{digit}0
price: {cur}{digit}#.## | {cur}{digit}#.## | {cur}1{digit}#.##
sum: {cur}{digit},{digit}00 | {cur}{digit}00 | {cur}{digit}#,000 | {cur}{digit}50
ref: {digit}###### | ^^-{digit}#### | {digit}###-^^^ | ^#^#^#
phone: +1 202-555-01## | +1 202-555-01## | 07700 900###
tld: example | example | example | test
courier: Parcelwren | Swiftlo | Kurio Post | Boxfinch | Dropmoor
courierhost: parcelwren | swiftlo | kurio-post | boxfinch | dropmoor
bank: Brenmoor Bank | Lindwick Savings | Quillmere Bank | Talver Credit Union
bankhost: brenmoor | lindwick | quillmere | talver
shop: Fennock & Rowe | Tidemoor Books | Lumvel Cycles | Pebblin Pantry | Garnel Home | Norpinna
shophost: fennock-rowe | tidemoor | lumvel | pebblin | garnel | norpinna
firm: Haldric Tools | Orrinel Logistics | Vasko Print | Mirelle Foods | Tarnwick Software | Ostrel Glass
plainhost: notes | family | album | map | forms | calendar | docs | status
dark: secure | verify | account | update | portal | online | support | service
slug: ^#^^# | ^^^#^ | ^^##^^ | {digit}^^^^
thanks: thanks! | thank you. | many thanks. | cheers. | thanks a lot | | | |
bye: see you! | talk soon. | x | love you | :) | 😊 | | | | |
card: 4111 1111 1111 1111 | 5555 5555 5555 4444 | 4012 8888 8888 1881
iban: DE89 3704 0044 0532 0130 00 | DE75 5121 0800 1245 1261 99 | FR14 2004 1010 0505 0001 3M02 606

de_name: Anke | Bastian | Carla | Dirk | Elif | Frieda | Gregor | Heike | Ivo | Jule | Karim | Lotte
de_day: Montag | Dienstag | Mittwoch | Donnerstag | Freitag | Samstag | Sonntag
de_when: heute | morgen | am {de_day} | heute Abend | am {de_day} um {de_time} | nächste Woche
de_time: {digit} Uhr | 1{digit}:30 Uhr | 1{digit}:15 Uhr | 1{digit} Uhr
de_sum: {digit}#,## Euro | {digit},99 € | {digit}##,00 € | {digit}.{digit}00 €
de_gross: {digit}.{digit}00 € | {digit}0.000 € | {digit}#.000 €
de_phone: +49 30 23125 ###
de_courier: Paketfink | Kurio Post | Eilspatz
de_courierhost: paketfink | kurio-post | eilspatz
de_bank: Hohentaler Bank | Lindwick Bank | Auersee Sparbank
de_thanks: danke! | danke dir | liebe Grüße {de_name} | LG {de_name} | viele Grüße | bis dann | | |

ko_name: 하늘 | 도윤 | 서린 | 지호 | 유나 | 민재 | 가온 | 소담 | 예솔 | 태오
ko_day: 월요일 | 화요일 | 수요일 | 목요일 | 금요일 | 토요일 | 일요일
ko_when: 오늘 | 내일 | 이번 주 {ko_day} | 다음 주 {ko_day} | 오늘 저녁 | 내일 오전 | {ko_day} 오후
ko_time: {digit}시 | {digit}시 반 | 1{digit}시 | 오후 {digit}시
ko_sum: {digit}만원 | {digit}0만원 | {digit}00만원 | {digit},{digit}00원
ko_big: {digit}00만원 | {digit}천만원 | {digit}{digit}0만원
ko_phone: 010-0000-####
ko_courier: 물총새택배 | 솔방울택배 | 달빛배송
ko_bank: 솔바람은행 | 새미르은행 | 늘봄저축은행
ko_thanks: 고마워요 | 감사합니다 | 고마워 ㅎㅎ | 이따 봐요 | 답장 주세요 | | |
";
