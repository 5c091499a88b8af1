//! Defines ham: messages from people, shops and offices.

/// One topic per line: rule, language, channels, weight, first day, last day, disguise.
pub(crate) const TOPICS: &str = "
plans          en  sms             15  2024-10-01  2026-09-30  -
errand         en  sms              9  2024-10-01  2026-09-30  -
family         en  sms,mail        11  2024-10-01  2026-09-30  -
chatter        en  sms,comment     10  2024-10-01  2026-09-30  -
short          en  sms              2  2024-10-01  2026-09-30  -
reminder       en  sms,mail         5  2024-10-01  2026-09-30  -
passcode       en  sms              5  2024-10-01  2026-09-30  -
delivery       en  sms,mail         7  2024-10-01  2026-09-30  -
banknotice     en  sms,mail         6  2024-10-01  2026-09-30  -
newsletter     en  mail             6  2024-10-01  2026-09-30  -
raffle         en  sms,mail         3  2024-10-01  2026-09-30  -
newnumber      en  sms              2  2024-10-01  2026-09-30  -
work           en  mail,sms        13  2024-10-01  2026-09-30  -
billing        en  mail             7  2024-10-01  2026-09-30  -
hiring         en  mail             4  2024-10-01  2026-09-30  -
helpdesk       en  ticket          13  2024-10-01  2026-09-30  -
account        en  ticket           6  2024-10-01  2026-09-30  -
blog           en  comment         12  2024-10-01  2026-09-30  -
moving         en  sms,mail         5  2024-11-15  2025-03-31  -
choir          en  sms,mail         5  2025-04-01  2025-12-20  -
allotment      en  sms,comment      5  2026-02-01  2026-06-30  -
festival       en  sms,mail,comment 16 2026-07-01  2026-09-30  -
migration      en  mail,ticket      8  2026-07-01  2026-09-30  -
de_alltag      de  sms             10  2024-10-01  2026-09-30  -
de_arbeit      de  mail,ticket      8  2024-10-01  2026-09-30  -
de_dienst      de  sms,mail         6  2024-10-01  2026-09-30  -
de_blog        de  comment          3  2024-10-01  2026-09-30  -
de_fest        de  sms,mail         6  2026-07-01  2026-09-30  -
ko_daily       ko  sms             10  2024-10-01  2026-09-30  -
ko_work        ko  mail,ticket      7  2024-10-01  2026-09-30  -
ko_service     ko  sms              5  2024-10-01  2026-09-30  -
ko_blog        ko  comment          3  2024-10-01  2026-09-30  -
";

/// Phrase rules in the notation of `Grammar`.
pub(crate) const RULES: &str = "
hey: hey | hi {name}, | hi, | {name}, | hello {name}, | oi | so | right, | | |
meal: lunch | dinner | coffee | breakfast | a drink | pizza | ramen | tea and cake | a sandwich
place: the bakery | the station | the old mill | the library | your place | the lake | the gym
| the market hall | the harbour | the corner pub | the climbing wall | the playground
activity: go swimming | watch the match | try the new noodle bar | go for a run | see a film
| play cards | fix the bikes | walk the dog | look at flats | visit the museum | bake bread
plan: fancy {meal} {when}? | are you free for {meal} {when}? | shall we meet at {place} {when}?
| still on for {meal} {when}? | do you want to {activity} {when}? | can we move {meal} to {day}?
| who else is coming to {place} {when}? | {name} wants to {activity} {when}, are you in?
| I could {activity} {when} if you like | thinking of {meal} at {place} {when}
detail: {name} is coming too. | I can drive. | I booked a table for {count}. | my treat this time.
| bring {thing}. | I finish work at {time}. | no rush. | {name} said {time} is fine.
| the {time} train gets me there. | call me when you leave. | it closes at {time} though. | |
thing: a jumper | your charger | the spare keys | some bread | the tickets | milk | an umbrella
| the camera | oat milk and eggs | batteries | the blue folder | nappies | the drill | cat food
plans: {hey} {plan} {detail} {bye} | {plan} {detail} | {detail} {plan} {bye}
errand: {late} {detail} {bye} | {hey} {ask_shop} {bye} | {late} {ask_shop} | {ask_shop} {late}
late: running {count} minutes late, sorry | stuck in traffic near {place} | just left {place}
| on the {time} train now | bus did not come, walking from {place} | be there at {time}
| missed the {time} bus | nearly home | parking took ages, start without me
ask_shop: can you pick up {thing}? | did you remember {thing}? | could you get {thing} and {thing}?
| I left {thing} at {place} | we are out of {thing} | please grab {thing} on your way back
| is {thing} still in the car? | {name} needs {thing} for {day}
relative: mum | dad | grandma | {name} | your sister | uncle {name} | the kids | {name} and {name}
news: got a place on the course | lost a tooth | passed the driving test | has a bad cold
| is asking about {day} | wants to visit {when} | sent new photos | starts the new job {when}
| is out of hospital | broke the {gadget} again | won the school spelling prize
gadget: kettle | laptop | printer | boiler | phone | washing machine | bike lock | router
family: {relative} {news}. {detail} {bye} | {hey} {relative} {news}, can you call {when}?
| love, can you transfer the {price} for {kidcost} {when}? {bye}
| {hey} photos from {day} are here: https://{plainhost}.{tld}/{slug} {bye}
| happy birthday {name}! hope you get {thing} and lots of cake {bye}
| did {relative} tell you? {relative} {news}. call me {when}
kidcost: the school trip | football boots | {name}'s present | the swimming lessons | new glasses
opinion: was brilliant | was far too long | made me cry | is overrated | is worth the money
| was sold out | is better than I expected | kept me up all night | was free, so who cares
topic: that film | the new album | the match | the book {name} lent me | the quiz on {day}
| last night's storm | the exhibition | the podcast about whales | the sourdough | the sale
chatter: {topic} {opinion}. {detail} | lol {name} {news} | honestly {topic} {opinion} {bye}
| how was {topic}? {name} said it {opinion} | cannot believe {relative} {news} 😂
| {topic} {opinion}, {topic} {opinion} | still thinking about {topic} tbh, it {opinion}
short: ok | ok see you at {time} | yes | no | k | lol | on my way | thx {name} | sure, {when}
| call you {when} | home now | what time? | {name}? | 👍 | haha | done | where are you | at {place}
office: the dental practice | the eye clinic | the vet | the garage | the surgery | the hairdresser
| the physio practice | the passport office
reminder: reminder: your appointment with {office} is {day} at {time}. {cancel}
| {office}: we have moved your appointment to {day} {time}. {cancel}
| {office} has a free slot {when}. {cancel}
| your annual check with {office} is due. book at https://{plainhost}.{tld}/{slug}
cancel: reply C to cancel. | call {phone} to change it. | please arrive ten minutes early.
| reply YES to confirm. | a missed visit costs {price}. | bring your card.
passcode: {sixdigits} is your {shop} code. {codewarn} | your {bank} security code is ######. {codewarn}
| use code ### ### to sign in to {shop}. {codewarn} | use ###### to confirm {price} at {shop}. {codewarn}
| ###### is your verification code for {firm}. valid for {count} minutes. {codewarn}
sixdigits: ###### | ### ### | ^#^#-####
codewarn: never share it with anyone. | it expires in {count} minutes. | we will never call for it.
| if you did not request this, call {phone}. | do not reply to this message.
delivery: {courier}: your parcel {ref} from {shop} {parcelstate} {parceltail}
| your {shop} order {ref} {parcelstate} {courier} has it. {parceltail}
| {courier}: sorry we missed you. your parcel {ref} {missed} {parceltail}
| customs charge of {small} was paid by {shop} for parcel {ref}. nothing to do. {parceltail}
parcelstate: arrives {when}. | is out for delivery. | has been shipped. | was left with {name}.
| is delayed until {day}. | is on its way to the depot. | was delivered at {time}.
missed: is at the depot until {day}. | will be tried again {when}. | is at {place}.
parceltail: track: https://{courierhost@courier}.{tld}/{slug} | bring ID. | no signature needed. | |
| to reschedule delivery visit https://{courierhost@courier}.{tld}/{slug} | questions? call {phone}
banknotice: {bank}: {txn} {bankask} | {bank}: your {doc} is ready in the app. {bankask}
| dear customer, {bank} will update online services on {day} from {time}. {bankask}
| {bank}: we noticed a new login from {gadget} at {time}. if this was you, no action is needed.
| {bank}: your card ending {digit}### was declined at {shop} for {price}. {bankask}
| {bank}: a payment of {sum} to {iban} was scheduled for {day}. {bankask}
txn: you spent {price} at {shop} on {day}. | {sum} received from {firm}. | balance below {price}.
| direct debit of {price} to {shop} leaves your account {when}.
doc: monthly statement | tax certificate | new card | yearly report | yearly summary
bankask: not you? call the number on your card. | log in the usual way to see more.
| we never ask for your password. | no action needed. | details: https://{bankhost@bank}.{tld}/{slug}
newsletter: {shop} news: {offer}, {goods} and {goods}. {offertail}
| this week at {shop}: {goods}, {goods}. {offer} until {day}. {offertail}
| hello {name}, thank you for joining {shop}. {offer} on your first order. {offertail}
| last chance: {offer} on {goods} ends {when}. {offertail}
| the {shop} journal no. {digit}#: how we pick {goods}, a visit to {place}, and {offer}. {offertail}
offer: {percent} off | free shipping | two for one | a free gift | member prices | a {price} voucher
goods: linen shirts | gravel tyres | new paperbacks | olive oil | winter boots | wool blankets
| seed potatoes | fountain pens | rain jackets | cast iron pans | story collections | helmets
offertail: shop now: https://{shophost@shop}.{tld}/{slug} | you get this because you signed up in store.
| unsubscribe: https://{shophost@shop}.{tld}/off/{slug} | terms apply. reply STOP to end. | see you soon!
raffle: you won! ticket {digit}## took the {club} raffle. collect {trophy} at {place} {when}.
| congratulations {name}, your photo won {trophy} in the {club} contest. {thanks}
| {club}: raffle tickets are {small} each, first prize {trophy}. draw is {when}.
| claim {trophy} from the {club} draw by {day}, just ask {name} at {place}.
club: school | rowing club | library | parents' group | village hall | chess club
trophy: a hamper | {cur}{digit}0 voucher | a gift card for {shop} | free {meal} for two | {thing}
newnumber: {hey} new phone, this is my new number. {name} x | {name} here, changed my number, {bye}
| hi {relative}, my phone broke so I am on {name}'s number, can you {activity} {when}?
| save this number please, the old one stops {when}. {name}
| hi mum it's {name}, my {gadget} died, text me here {when} {bye}
project: the {firm} offer | the release | the budget | the plan for {place} | the audit | the roadmap
| the onboarding slides | the price list | the test report | the contract with {firm}
work: {hey} {workask} {project} {workwhen}. {workend} | {workask} {project} {workwhen}? {workend}
| meeting about {project} moved to {day} {time}. {workend} | {name} signed off {project}. {workend}
| minutes from {day}: {name} takes {project}, {name} checks {project} by {day}. {workend}
| I am out of office until {day}. for {project} ask {name}. {workend}
| are you at your desk? {name} needs {project} before {time}. {workend}
workask: could you review | please send me | I have comments on | quick question about | where is
| can we talk about | I attached | {name} asked for | we should close | the client likes
workwhen: before {day} | by {time} | {when} | for the {time} call | as soon as you can
workend: regards, {name} | thanks, {name} | {thanks} | let me know. | call me on {phone}. | best, {name}
billing: invoice {ref} for {price} from {firm} is attached. {billask} {workend}
| {hey} {firm} have not paid invoice {ref} yet, could you chase {name}? {workend}
| payment of {sum} for invoice {ref} arrived on {day}. {workend}
| please approve the {sum} transfer to {firm} {when}, details are in the purchase order. {workend}
| our account is now {iban}, as announced in our signed letter. {billask} {workend}
| your receipt from {shop}: {goods}, {price}. order {ref}. {thanks}
billask: due in {digit}# days. | the bank details are unchanged. | please pay by {day}.
| order number {ref}. | let me know if anything is missing.
hiring: dear {name}, thank you for applying to {firm}. {hirenext} {workend}
| {hey} the {role} job at {firm} is open, salary about {sum} a month. {hirenext} {workend}
| we would like to offer you the {role} position from {day}. {hirenext} {workend}
| {name} can start as {role} {when}, part time, working from home {count} days. {workend}
role: warehouse | junior analyst | night porter | bookkeeper | barista | data entry | lab assistant
hirenext: could you come for an interview {when}? | please bring {thing}.
| we will call you on {phone}. | the contract is attached. | the position has been filled.
part: export | search box | invoice page | login form | calendar sync | mobile app | dashboard
| payment page | upload | report builder | API token page | password reset mail
fault: is blank | fails with error {digit}## | is very slow | hangs at ##% | shows the wrong total
| logs me out | ignores my filter | cuts off the last row | says permission denied
since: since {day} | since version {digit}.#.# | after the update | for {count} days | only {when}
helpdesk: the {part} {fault} {since}. {ticketend} | {part} {fault} on my {gadget}. {ticketend}
| hello, {since} the {part} {fault} and the {part} too. {ticketend}
| feature request: could the {part} remember my settings? {ticketend}
| {part}: host 192.0.2.{digit}# times out, 198.51.100.{digit}# works. {ticketend}
| the test card {card} is refused on the {part}. {ticketend}
ticketend: screenshot attached. | restarting did not help. | please call {phone}. | customer {ref}.
| not urgent. | {name} sees it too. | {thanks} | contact: {ref}@{shophost}.example
account: I was charged {price} twice for order {ref}, please refund one. {ticketend}
| please delete my account {ref} and all my data. {ticketend}
| someone changed the password of my account {since}, please lock it. {ticketend}
| how do I cancel my subscription before {day}? {ticketend}
| I got a mail saying my account is suspended, link to https://{bankhost}-{dark}.{tld}/{slug}. real?
| my refund of {price} has not arrived at {iban}. {ticketend}
craft: the crust | your chain tip | the tomato trick | this pattern | the second photo | the recipe
| the route map | the lens test | step {digit} | the glaze | the lake loop | the compost advice
blog: {craft} {worked}. {blogend} | {hey} {craft} {worked}, {question} {blogend}
| {question} I have {goods} at home. | small correction: {craft} says ## but the table says ##.
| came here from {name}'s site, {craft} {worked}. {blogend} | great post! {craft} {worked}. {blogend}
| I wrote about {craft} too: https://{plainhost}.{tld}/{slug} {blogend}
worked: worked first time | did not work for me | saved my {day} | looks great | made me laugh
| is what I was looking for | needs more salt | is so helpful | convinced {relative}
question: would it work with {goods}? | how long did {craft} take? | where did you buy {goods}?
| is {shop} any good for {goods}? | can I skip {craft}?
blogend: greetings from {name} | thanks for sharing! | more please | I will be back {when} | {bye}
moving: moving day is {day}, can you carry {thing}? pizza for all {bye}
| the van from {shop} costs {price}, {name} drives. {detail} | boxes marked {name} go to {place}. {bye}
| new address from {day}: {digit}# Mill Lane, flat {digit}. {detail} | who can lend a {gadget} {when}?
choir: rehearsal moved to {day} {time}, bring {thing}. {name} | altos meet at {place} {when}. {detail}
| concert tickets are {small}, {count} left, ask {name}. {thanks} | {name} sings the solo {when} {bye}
allotment: the beans at plot ## {worked}. {detail} | who waters plot ## {when}? {thanks}
| free {goods} and compost at the shed {when}. {name} | slugs ate {name}'s lettuce again {bye}
festival: {festjob} at the Linden Street festival {when}? {detail}
| street festival: {festnews}. {detail} | {hey} the lantern parade starts at {place} {when}. {bye}
| Linden Street festival on {day}: {festnews}, {festnews}. {thanks}
| {name} and I run the {stall} at the festival, {festjob} {when}? {bye} | the {stall} {opinion}
festjob: can you help | who can lend benches | could you bring {thing} | any volunteers | shift swap
festnews: the {stall} needs {count} people | brass band at {time} | bunting goes up {when}
| road closed from {time} | {name} paints the banners | lanterns cost {small}
stall: waffle stall | bric-a-brac table | lemonade stand | face painting | tombola | cake table
migration: mailboxes move to the new cluster {when}. {workend} | wave {digit} migration {fault}. {workend}
| after the migration the {part} {fault}. {ticketend} | cutover checklist: {name} freezes {project}.
| please archive {project} before the migration on {day}. {workend}

de_alltag: {de_frage} {de_thanks} | hallo {de_name}, {de_frage} {de_thanks} | {de_frage} {de_info}
| {de_info} {de_thanks} | hallo Mama, {de_info} {de_frage}
de_frage: kommst du {de_when} mit {de_wohin}? | kannst du bitte {de_ding} mitbringen?
| hast du {de_when} Zeit? | wer holt {de_when} die Kinder ab? | sehen wir uns {de_when}?
| kannst du mir {de_sum} für {de_ding} auslegen?
de_wohin: ins Kino | zum Baden | auf den Markt | in den Biergarten | zum Sport | zu Oma
de_ding: Brot | die Schlüssel | Hafermilch | den Kuchen | zwei Kisten Wasser | das Ladekabel | Salat
de_info: ich bin {de_when} wieder da. | der Bus kommt nicht. | {de_name} ist krank. | stehe im Stau.
| der Termin ist {de_when}. | ich habe {de_ding} schon. | neue Nummer von {de_name}: {de_phone}.
de_arbeit: können wir {de_when} über {de_thema} sprechen? {de_gruss}
| anbei {de_thema}, Rückmeldung bitte bis {de_day}. {de_gruss}
| die Anmeldung geht seit {de_day} nicht mehr, Fehler {digit}##. {de_gruss}
| Rechnung {ref} über {de_sum} ist noch offen, bitte prüfen. {de_gruss}
| das Treffen ist {de_when}, es geht um {de_thema}. {de_gruss}
de_thema: das Angebot | den Vertrag | die Präsentation | das Protokoll | die Planung | den Bericht
de_gruss: viele Grüße, {de_name} | danke und Gruß, {de_name} | mit freundlichen Grüßen | VG {de_name}
de_dienst: {de_courier}: Ihre Sendung {ref} kommt {de_when}. {de_ablage}
| {de_bank}: Umsatz {de_sum} am {de_day}. {de_hinweis} | {de_bank}: Ihr Code lautet ######. {de_geheim}
| Erinnerung: Termin in der Praxis {de_when}. {de_hinweis}
| {de_bank}: Ihr Kontoauszug liegt bereit. {de_hinweis}
de_hinweis: bitte nicht antworten. | Fragen? {de_phone} | es ist nichts zu tun. | Ihre Filiale
de_geheim: geben Sie den Code niemals weiter. | gültig für {digit} Minuten. | bitte nicht antworten.
de_ablage: Ablageort ändern: https://{de_courierhost@de_courier}.{tld}/{slug} | bitte nicht antworten.
| Fragen? {de_phone} | es ist nichts zu tun. | Ihr Nachbar kann es annehmen.
de_blog: danke für {de_ding2}, {de_urteil} | {de_urteil} Wie lange hält {de_ding2}? | {de_urteil}
| Frage zu Schritt {digit}: geht auch {de_ding2}? {de_urteil}
de_ding2: das Rezept | die Anleitung | die Tourbeschreibung | der Sauerteig | das Schnittmuster
de_urteil: hat super geklappt. | meine Familie war begeistert. | leider zu salzig. | Gruß {de_name}
| sehr hilfreich! | das probiere ich {de_when}. | bei mir dauerte es {digit}# Minuten.
de_fest: Straßenfest {de_when}: {de_name} sucht Helfer für den Waffelstand. {de_thanks}
| wer bringt {de_ding} zum Straßenfest mit? {de_thanks} | Lampionumzug {de_when}, {de_info}

ko_daily: {ko_name}, {ko_ask} {ko_thanks} | {ko_ask} {ko_info} | {ko_info} {ko_thanks} | 엄마, {ko_info}
| {ko_when} {ko_ask} {ko_info} {ko_thanks}
ko_ask: {ko_when} 시간 돼요? | 저녁 같이 먹을래? | {ko_time}에 볼까요? | 우유 좀 사다 줘 | 영화 보러 갈래?
| 어디쯤이야? | {ko_when} 산책 갈까? | 계좌로 {ko_sum} 보내 줄래?
ko_info: 지금 버스 탔어요. | {ko_time}쯤 도착해요. | 조금 늦을 것 같아요. | 비 온대요 우산 챙겨요.
| 도서관 앞에 있어요. | 김치찌개 끓여 놨어. | 번호 바뀌었어요 {ko_phone}
ko_work: {ko_when} {ko_time} 회의 자료 보내 드립니다. {ko_thanks} | {ko_topic} 확인 부탁드립니다. {ko_thanks}
| {ko_topic} 마감이 {ko_day}입니다. {ko_thanks} | 로그인이 안 됩니다. 오류 {digit}## {ko_thanks}
| {ko_name}님, {ko_topic} 수정본 첨부합니다. {ko_thanks} | {ko_topic} {ko_when}까지 가능할까요?
ko_topic: 견적서 | 계약서 초안 | 발표 자료 | 출장 보고서 | 정산 내역 | 회의록
ko_service: [{ko_courier}] {ko_when} 배송 예정입니다. 송장 {ref} | [{ko_bank}] {ko_sum} 출금 {ko_time}
| 인증번호 [######] 타인에게 알려주지 마세요. {ko_bank} | [{ko_courier}] 문 앞에 배송 완료. {ref}
| {ko_when} {ko_time} 치과 예약 안내드립니다. 문의 {ko_phone}
ko_blog: {ko_praise} {ko_when} 해 볼게요. | {ko_praise} {ko_question} | {ko_question} {ko_thanks}
ko_praise: 글 잘 읽었어요. | 레시피 최고예요. | 사진 너무 예뻐요. | 설명이 쉬워요. | 아이가 잘 먹네요.
ko_question: 오븐 온도는 몇 도예요? | 간장 대신 소금도 되나요? | 코스가 {digit}km 맞나요? | 주차 되나요?

long_minutes: {long_part} {long_part}¶¶{long_part} {long_part}¶{long_part}
| {long_part}¶{long_part}¶{long_part}¶¶{long_part} {long_part}
long_part: On {day} {name} and {name} went through {project} and agreed that the {part} {fault} {since}.
{name} will write to {firm}, ask for {project} and report back {when}; {name} was not convinced and
noted that {topic} {opinion}. Nobody objected to the date, {day} at {time}, and the room is free.
";
