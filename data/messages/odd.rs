//! Defines difficult rows, placed by hand, that a CSV reader must read correctly.

/// One row per line: quarter (from 0), language, channel, class and text. The text may be empty.
pub(crate) const ROWS: &str = r#"
0 en mail ham {long_minutes}
1 en mail ham {long_minutes}
3 en mail ham {long_minutes}
4 en ticket ham {long_minutes}
7 en mail ham {long_minutes}
1 en mail spam {long_letter}
5 en mail spam {long_letter}
7 en mail spam {long_letter}
0 en sms ham ok
1 en sms ham k
4 de sms ham ja
6 ko sms ham 응
5 en sms ham ?
0 en sms ham
2 en comment ham
5 en mail ham
7 en comment ham
2 en mail spam =HYPERLINK("http://bad.example","click")
5 en comment spam =cmd|'/c calc'!A1
3 en ticket ham =SUM(B2:B9) shows 0 in the exported sheet, but the cells hold numbers
6 en sms ham +1 202-555-0142 is my number at the hotel, call after 6
1 de mail spam +++ Nur heute +++ Sofortkredit bis 5.000 € +++ https://lindwick-portal.example/k2 +++
4 en sms spam -50% on everything, only tonight: https://garnel-online.example/p7
0 en ticket ham - the export is blank - the search too - no error in the log
3 en comment ham @Clara try it with rye flour, worked for me
6 en comment spam @everyone free spins at https://map-support.test/z9
4 en comment spam <script>alert(1)</script> nice blog, visit my page
2 en ticket ham ::set-output name=x::y appears in our build log, is that expected?
5 en comment spam Thanks! [claim your voucher](https://pebblin.test/gift) before Friday
6 en ticket ham The <b>bold</b> tag & the &amp; entity show up as text in the report
1 en mail ham Hello,¶¶the room is booked, the projector is not.¶¶Best,¶Olga
2 en mail ham Agenda:¶1. budget, 2. hiring, 3. "any other business"¶Please be on time.
4 en ticket ham Steps:¶- open the "Reports" page¶- choose "CSV, all rows"¶- wait: error 500
6 de mail ham Hallo zusammen,¶der Kuchen steht in der Küche, "nur für mutige Esser".¶Gruß Jule
7 ko mail ham 안녕하세요,¶회의록 보내 드립니다.¶감사합니다.
3 en mail spam Dear winner,¶"your" file, ref 77-A, is ready.¶¶Pay 4.99 at https://docs-verify.example/a1
7 en mail spam Your seat, "row A",¶is held till noon: shrt-4.test/q9z
1 en comment ham She said "never, ever knead it", so I didn't, and "it worked"
5 en sms ham 🎉🎂🎉 happy 40th, old friend!! 🥳
2 en sms ham 😴😴😴
3 en sms spam 🔥🔥 $$$ 🔥🔥 tap fast 👉 https://forms-portal.test/w1n
6 ko comment ham 우와 👏👏 사진, 색감이 "예술"이네요
0 en sms ham call me when you can
2 en sms spam call me when you can
1 en mail ham Please see the attached invoice and confirm.
4 en mail spam Please see the attached invoice and confirm.
3 en sms spam Your parcel is waiting. Reply YES to choose a new day.
6 en sms ham Your parcel is waiting. Reply YES to choose a new day.
5 en comment spam Great post, thanks for sharing!
7 en comment ham Great post, thanks for sharing!
"#;
