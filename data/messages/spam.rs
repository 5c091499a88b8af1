//! Defines spam campaigns, each with a first and a last day.

/// One campaign per line: rule, language, channels, weight, first day, last day, disguise.
pub(crate) const CAMPAIGNS: &str = "
prize          en  sms             10  2024-10-01  2025-02-15  -
loan           en  sms,mail         8  2024-10-01  2025-05-31  -
pharmacy       en  mail,comment     8  2024-10-01  2025-08-31  -
phishing       en  sms,mail         9  2024-10-01  2026-09-30  -
seocomment     en  comment          8  2024-10-01  2026-09-30  -
parcelfee      en  sms             10  2024-11-10  2026-09-30  -
romance        en  sms,mail         7  2024-12-01  2025-11-30  -
jobs           en  sms,mail         9  2025-01-10  2025-10-15  -
invoicefraud   en  mail             7  2025-01-15  2026-09-30  -
himum          en  sms              8  2025-02-01  2026-08-31  -
taxrefund      en  sms,mail         8  2025-02-15  2025-07-31  -
crypto         en  comment,mail     9  2025-03-01  2026-02-28  -
techsupport    en  mail,ticket      7  2025-05-01  2026-03-31  -
casino         en  sms,comment      8  2025-06-01  2026-09-30  -
renewal        en  mail             8  2025-08-01  2026-07-31  -
tollfine       en  sms              8  2025-11-01  2026-08-31  -
webdesign      en  ticket,mail      6  2024-10-01  2026-09-30  -
energy         en  sms,mail         8  2026-01-10  2026-06-30  -
ceovoucher     en  mail,sms         4  2026-01-19  2026-08-15  -
resale         en  sms,comment      2  2026-04-20  2026-07-31  -
de_paket       de  sms              8  2024-10-01  2026-09-30  -
de_konto       de  sms,mail         8  2024-10-01  2026-09-30  -
de_kredit      de  mail             6  2024-10-01  2025-09-30  -
de_mama        de  sms              6  2025-02-01  2026-09-30  -
de_job         de  sms,comment      6  2025-06-01  2026-09-30  -
ko_loan        ko  sms              8  2024-10-01  2026-09-30  -
ko_parcel      ko  sms              7  2024-10-01  2026-09-30  -
ko_family      ko  sms              6  2025-02-01  2026-09-30  -
ko_job         ko  sms,comment      6  2025-06-01  2026-09-30  -
";

/// Phrase rules in the notation of `Grammar`.
pub(crate) const RULES: &str = "
lure: https://{lurehost}.{luretld}/{slug} | {lurehost}.{luretld}/{slug}
lurehost: {courierhost@courier}-{dark} | {bankhost@bank}-{dark} | {plainhost}-{dark} | {dark}-{slug}
| {shophost@shop}
luretld: example | example | example | test | invalid
act: act {soon} | reply YES {soon} | call {phone} {soon} | go to {lure} | visit {lure} {soon}
| confirm at {lure} | details: {lure} | text {word} to {phone} | see {lure} | write to {mailbox}
word: WIN | GO | YES | CASH | STOP | CLAIM | OK
mailbox: {name}@{plainhost}-{dark}.example | {dark}.{ref}@{bankhost}.example | {name}@{shophost}.example
person: dear {name}, | hello {name}, | hi {name}, | dear customer, | dear user, | hi, | {name}, | | |

prize: {person} {won} {reward}! {act}. {prizetail} | {won} {reward} in the {draw}. {act}
| {draw} result: number {digit}### wins {reward}. {act}. {prizetail} | final notice: {reward} from the
{draw} expires {soon}. {act}
won: you have won | your number was drawn for | you are selected to receive | congratulations, you won
| we tried to reach you about | your ticket {ref} won
reward: a {sum} cash prize | {sum} | a weekend for two | the new {gadget} | a {shop} gift card
| a free cruise | {sum} in vouchers
draw: national draw | {shop} anniversary draw | loyalty lottery | weekly phone draw | winter raffle
prizetail: over 18 only. | claim code {ref}. | calls cost {small}. | reply STOP to end. | |
loan: {person} {loanhook} up to {sum} {loanterms}. {act} | {loanhook} {loanterms}? {act}. {loanend}
| your {sum} loan application {ref} is approved. {act}. {loanend} | {loanend} {loanhook} {sum}. {act}
loanhook: need cash? | borrow | bills again? get | we lend you | consolidate your debts with
| payday is far away, take | refused by your bank? get
loanterms: with no credit check | from {digit}.#% | in {digit}# minutes | without guarantor | paid {soon}
loanend: bad credit is fine. | no paperwork. | limited offer. | not a bank. | thousands approved. | |
pharmacy: {pill} {pillclaim}, {pilloffer}. {act} | {pilloffer} on {pill} and {pill}. {act}
| {person} {pillask} {pill} {pillclaim}. {act} | {pillask} order {pill} from {price}, {pilloffer}. {act}
pill: herbal vigour capsules | hair growth tablets | sleep pills | slimming tea | joint cream
| memory drops | natural energy pills | pain tablets
pillclaim: without prescription | doctors hate it | for results in {count} days | discreet parcel
| {percent} off
pillask: tired {when}? | sleepless? | ageing joints? | as seen on screen: | your refill is due:
pilloffer: two for one | free shipping | cheapest online | buy {count} get one free | {percent} off {soon}
phishing: {bank}: {alarm}. {fix} | {person} {alarm} at {bank}. {fix} | {bank} notice: {alarm}. {fix} Ref {ref}
| {bank}: a payment of {price} to {shop} is pending. {fix} | {bank}: {txn} {fix}
| {person} your {doc} is ready. {fix} | your mailbox is full, {alarm}. {fix}
alarm: your account will be suspended {soon} | we noticed a new login | your card has been locked
| we could not verify your details | online services expire {soon} | your password ends {soon}
| unusual activity on {day}
fix: verify at {lure} | if this was not you, log in at {lure} | unlock: {lure} | call {phone} {soon}
| confirm your identity {soon}: {lure} | update your details: {lure} | details: {lure}
seocomment: {praise} {plug} | {praise} {plug} {praise} | {hey} {praise} {plug} | {plug} {praise}
praise: great post! | I was looking for this. | thanks for sharing! | very nice blog. | so helpful.
| I will be back {when}. | you explain {craft} so well. | my cousin {name} sent me here.
| bookmarked {craft}. | your {day} article is amazing.
plug: visit my site {lure} | I write about {goods} at {lure} | cheap {goods}: {lure} | more at {lure}
| best {goods} reviews here {lure} | for {goods} I use {lure} | guest posts welcome: {mailbox}
parcelfee: {courier}: your parcel {ref} {held}. {payfee} | {person} your {shop} order {ref} {held}. {payfee}
| {courier}: {missedspam} {payfee} | {courier} update: parcel {ref} {held}. {payfee}
| delivery {ref} arrives {when} after payment. {payfee}
held: is held at customs | is at the depot | could not be delivered | has an unpaid fee of {small}
| is waiting for your address | is delayed until {day} | will be returned {soon}
missedspam: sorry we missed you {when}. | our driver could not find your address. | wrong house number.
payfee: pay {small} at {lure} | to reschedule delivery visit {lure} | confirm your address: {lure}
| track: {lure} | settle the {small} charge {soon}: {lure}
romance: {person} {meet} {sweet} {sweetend} | {sweet} {meet} {sweetend} | {person} {sweet} {sweetend}
meet: I saw your profile and smiled | is this {name}? we met at {place} | I lost your number after {day}
| {name} gave me your number | I am new in town | are you the one from {place}?
sweet: I am {name}, widow, and I like {goods}. | you seem kind and honest. | my heart is lonely tonight.
| I am a nurse abroad and look for a serious man. | do you like {meal} and long walks?
| I dream of {place} with you. | my photos are private.
sweetend: write to {mailbox} | text me on {phone} dear | see my photos {lure} | reply {soon} my dear
| I need {sum} for the flight
jobs: {person} {joboffer} {jobpay}. {jobtask}. {jobact} | {jobtask}? {jobpay}. {jobact}
| {firm} hires {role} staff, {jobpay}. {jobtask}. {jobact} | {person} our HR {name} saw your resume.
{jobpay}, {jobtask}. {jobact}
joboffer: we have a part time position | remote job for you: | {digit}# openings: | flexible online work:
jobpay: earn {sum} a week | {price} per hour | daily pay {price} | salary about {sum} a month
jobtask: rate products from your phone | working from home {count} hours a day | like videos
| no experience needed | boost online orders | forward parcels
jobact: message {name} on {phone} | add our manager: {lure} | reply JOB {soon} | {act}
invoicefraud: {hey} {billing_trick} {workend} | invoice {ref} for {sum} from {firm}. {billing_trick} {workend}
| {person} {billing_trick} {workend} | payment reminder {ref}: {billing_trick} {workend}
billing_trick: kindly note our changed bank details {iban} and remit {soon}.
| our old account is under audit, remit to {iban} from now on.
| invoice {ref} is overdue, open {lure} and pay {soon} to avoid a penalty.
| kindly wire the {sum} to the new account {iban} {soon}.
| attached is the invoice for {project}, kindly settle {price} {soon}.
| kindly treat the payment of {sum} to {firm} as confidential.
himum: {greetmum} {mumstory} {mumask} | {greetmum} {mumstory} {mumask} {bye} | {greetmum} {mumstory}
greetmum: hi mum | hi mum it's me, | hello dad, | mum? | hey mum, | hi dad it's your eldest, | mum,
mumstory: this is my new number, | my phone broke and I am on a friend's number, | I dropped my phone,
| my phone is in repair until {day}, | changed provider, save this number, | my old number stops {when},
mumask: text me here when you see this | can you transfer {price} for me {when}? | are you busy?
| can you pay a bill of {sum} {soon}? I pay you back {day} | message me on {phone}
| I have to pay {firm} {soon} and my bank app is locked | delete the old one x
taxrefund: {person} {taxline} {fix} | tax office: {taxline} {fix} Ref {ref} | {taxline} {act}. Ref {ref}
taxline: you are owed a refund of {price}. | your {day} tax return shows an overpayment of {price}.
| a rebate of {sum} is pending in your name. | your tax certificate has errors. | refund {ref} failed.
crypto: {person} {coinhook} {coinpay} {act} | {coinpay} {coinhook} {act} | {praise} {coinhook} {coinpay} {act}
coinhook: our coin doubles every {count} days. | {name} teaches me to trade coins. | token presale open.
| invest {price}, withdraw {sum}. | my broker {name} is honest. | mining pool with {digit}#% yield.
coinpay: I made {sum} last week. | profit is guaranteed. | send {price} to start. | wallet bonus {sum}.
| limited seats {soon}. | withdraw any time. | no risk.
techsupport: {person} {virus} {helpline} | warning: {virus} {helpline} | {virus} {virus} {helpline}
| ticket {ref}: {virus} {helpline}
device: laptop | computer | phone | router | tablet | home office
virus: {count} threats were found on your {device}. | your {device} licence expires {soon}.
| address 198.51.100.## attacked your {device}. | your firewall is off since {day}.
| our server saw errors on your {device}. | your {device} fails and logs you out.
helpline: call our technicians on {phone} | remote help: {lure} | pay {price} to renew protection
| do not switch off, call {phone} {soon} | download the cleaner at {lure}
casino: {person} {spin} {spinoffer} {act} | {spinoffer} {spin} {act} | {name} just won {sum}! {spin} {act}
spin: play the slots tonight. | new tables are live. | your seat is waiting. | roulette and poker.
| no deposit needed. | bet on the match {when}. | jackpot at {sum}.
spinoffer: {digit}0 free spins. | welcome bonus {price}. | first bet on us. | {digit}#% cashback. | bonus ends {soon}.
renewal: {person} {renewline} {renewask} | {renewline} order {ref}. {renewask} | {renewline} {renewask} {thanks}
renewline: your subscription renews {soon} for {price}. | thank you for your order: antivirus, {price}.
| your film stream plan is on hold. | your receipt from {shop}: {gadget} protection, {price}.
| we could not renew your cloud storage. | your photos will be deleted {soon}.
renewask: to cancel call {phone} {soon}. | did not order this? {lure} | update your card: {lure}
| a refund needs your bank details: {lure} | you will be charged automatically. {act}
tollfine: {person} {fineline} {finepay} | {fineline} {finepay} | road office: {fineline} {finepay} Ref {ref}
fineline: you have an unpaid toll of {small}. | your car was seen on the express lane {day} at {time}.
| parking penalty {ref} is open. | your plate ^^^-### has an overdue charge.
finepay: pay {soon} to avoid a {price} penalty: {lure} | pay {small} at {lure} | final notice. {lure}
| your licence may be suspended. {lure}
webdesign: {person} {pitch} {pitchend} | {pitch} {pitch} {pitchend} | {hey} {pitch} {pitchend}
pitch: your site {shophost}.example is not on page one. | we found {digit}# errors on your website.
| we build backlinks from {price}. | I can redesign your shop in {count} days.
| we sell {digit}#,000 verified leads. | your app could rank higher. | your {part} is very slow.
pitchend: may I send a quote? {name} | call me on {phone}. {name} | free audit: {lure} | best, {name}
| reply with your phone number. | regards, {name}, {mailbox}
energy: {person} {heatline} {heatask} | {heatline} {heatask} | {heatask} {heatline} Ref {ref}
heatline: your household qualifies for a {price} energy rebate. | heating bills up? get {sum} back.
| free solar panels on your roof. | the winter fuel grant ends {soon}. | a boiler grant of {sum} is open.
heatask: apply {soon}: {lure} | check your postcode at {lure} | confirm your bank details: {lure}
| our surveyor {name} visits {when}, call {phone} | {act}
ceovoucher: {hey} {bossline} {bossask} {workend} | {name}, {bossline} {bossask} | {bossline} {bossask} {name}
bossline: are you at your desk? | I am in a meeting until {time}. | I need a favour {when}.
| quick errand for me. | are you free? | keep this between us. | I cannot take calls.
bossask: get {count} gift cards of {price} and send me the codes. | {shop} vouchers for the client {soon}.
| scratch the cards and text me photos. | I will reimburse you {day}. | reply from your private mail.
resale: {hey} {ticketsale} {ticketpay} | {ticketsale} {ticketpay} {bye} | {praise} {ticketsale} {ticketpay}
ticketsale: selling {count} tickets for the match, cannot go. | front row seats {when}, half price.
| {name} is ill so two concert passes are left. | puppies need a home {soon}. | keys for the lake flat.
ticketpay: {price} deposit to {iban}. | pay first, collect at {place}. | text {phone}. | {lure} | {mailbox}

de_paket: {de_courier}: Ihr Paket {ref} {de_halt} {de_klick} | Ihre Sendung {ref} {de_halt} {de_klick}
| {de_courier}: Zustellung {de_when} nicht möglich, {de_klick}
de_halt: wartet auf Zollgebühr {de_sum}. | konnte nicht zugestellt werden. | liegt im Depot. | kommt {de_when}.
de_klick: jetzt zahlen: {lure} | Adresse bestätigen: {lure} | Ablageort ändern: {lure} | bitte prüfen: {lure}
de_konto: {de_bank}: {de_alarm} {de_login} | {de_alarm} {de_login} Ref {ref} | Sehr geehrte Kundin, {de_alarm}
{de_login}
de_login: Daten bestätigen: {lure} | jetzt anmelden: {lure} | bitte prüfen: {lure} | rufen Sie an: {de_phone}
de_alarm: Ihr Konto wird {de_when} gesperrt. | Ihre App läuft {de_when} ab. | neue Anmeldung erkannt.
| Umsatz {de_sum} wartet auf Freigabe. | wir konnten Ihre Daten nicht prüfen.
de_kredit: {de_geld} {de_gross} {de_ohne} {de_klick2} | {de_ohne} {de_geld} {de_gross}? {de_klick2}
de_geld: Sofortkredit bis | Geldsorgen? wir leihen Ihnen | heute noch Auszahlung von
de_ohne: ohne Auskunft, | auch bei Einträgen, | ohne Papierkram, | Zins ab {digit},#%,
de_klick2: Antrag: {lure} | rufen Sie an: {de_phone} | nur {de_when}! {lure} | Antwort JA genügt
de_mama: {de_hallo} {de_story} {de_bitte} | {de_hallo} {de_story} | {de_hallo} {de_story} {de_thanks}
de_hallo: hallo Mama, | hallo Papa, | Mama? | hi Mama ich bin's, | hallo Oma,
de_story: mein Handy ist kaputt, das ist meine neue Nummer {de_phone}. | ich habe seit {de_day} eine neue Nummer.
| mein Handy liegt im Wasser. | schreib mir hier: {de_phone}. | speicher die Nummer, die alte geht {de_when} aus.
de_bitte: kannst du mir {de_sum} überweisen? | hast du {de_when} Zeit? | ich muss {de_when} {de_sum} zahlen.
de_job: {de_verdienst} {de_arbeitort} {de_klick2} | {de_arbeitort} {de_verdienst} {de_klick2}
de_verdienst: {de_sum} am Tag verdienen, | Nebenjob mit {de_sum} die Woche, | wir suchen {de_name},
de_arbeitort: von zu Hause. | ohne Vorkenntnisse. | nur mit dem Handy. | Start {de_when}. | {digit} Stunden täglich.

ko_loan: {ko_money} {ko_big} {ko_easy} {ko_click} | {ko_easy} {ko_money} {ko_big} 가능 {ko_click}
ko_money: 당일 대출 | 무직자 대출 | 저금리 대환 | 비상금 지원
ko_easy: 무서류 | 신용 무관 | {digit}분 승인 | {ko_when} 입금 | 최저 {digit}.#%
ko_click: 상담 {ko_phone} | 신청 {lure} | 지금 클릭 {lure} | 수신거부 {ko_phone} | 확인 {lure}
ko_parcel: [{ko_courier}] {ko_hold} {ref} {ko_click} | {ko_hold} {ko_click} | [{ko_courier}] {ko_when} {ko_hold} {ko_click}
ko_hold: 주소 오류로 반송 예정입니다. | 배송 보류. | 관세 {ko_sum} 미납입니다. | 배송 예정입니다.
ko_family: {ko_mum} {ko_story} {ko_beg} | {ko_mum} {ko_story} {ko_thanks} | {ko_mum} {ko_beg} {ko_story}
ko_mum: 엄마, | 아빠, | 엄마 나야, | 언니, | 엄마 지금 바빠?
ko_story: 폰 액정 깨졌어. | 번호 바뀌었어 {ko_phone} | 수리 맡겨서 전화 안 돼. | 인증이 안 돼.
ko_beg: {ko_sum} 보내 줄 수 있어? | 상품권 {digit}장만 사 줘. | {ko_when} 갚을게. | 여기로 문자 줘 {ko_phone}
ko_job: {ko_earn} {ko_sum} {ko_how} {ko_click} | {ko_how} {ko_earn} {ko_sum} {ko_click}
ko_earn: 하루 수익 | 재택 부업 | 주급 보장 | 고수익 알바
ko_how: 핸드폰만 있으면 가능. | 초보 환영. | 영상 좋아요만 누르면 끝. | {ko_when}부터 시작.

long_letter: {long_bit} {long_bit}¶¶{long_bit} {long_bit}¶{long_bit}
long_bit: I am barrister {name}, and I write to you in confidence about a deposit of {sum} that was left
at {bank} by a client without family. As your name is close to his, I propose to present you as the heir;
you would keep {digit}0% and I would keep the rest. {name} of {firm} has prepared the papers, so only your
bank details and a fee of {price} are missing {soon}. Write to {mailbox} or call {phone} {soon}.
";
