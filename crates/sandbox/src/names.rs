//! Names as an auction house meets them: many scripts, and many spellings of each.
//!
//! Promises: the same random numbers give the same name; every name in another script comes with the
//! transliteration by which colleagues look for it; e-mail addresses are of the reserved example domains
//! and phone numbers of ranges that belong to nobody.

use hammerdesk_domain::text::fold;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A name part as written and as transliterated.
type Part = (&'static str, &'static str);

struct Culture {
    language: &'static str,
    country: &'static str,
    /// Family name first in its own script, and with a blank between?
    order: Order,
    given: &'static [Part],
    family: &'static [Part],
    /// Prefix and suffix of a company.
    company: &'static [(&'static str, &'static str)],
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Order {
    GivenFamily,
    FamilyGiven,
    Joined,
}

/// A name with everything that hangs on it.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    /// Legal name.
    pub(crate) legal: String,
    /// BCP 47 language.
    pub(crate) language: &'static str,
    /// Country.
    pub(crate) country: &'static str,
    /// Is it a company?
    pub(crate) company: bool,
    /// Other spellings, none twice, none the legal one.
    pub(crate) variants: Vec<String>,
    /// The part of an e-mail address before the `@`.
    pub(crate) mailbox: String,
}

macro_rules! parts {
    ($($native:literal $(= $latin:literal)?),* $(,)?) => { &[$(($native, parts!(@ $native $($latin)?))),*] };
    (@ $native:literal $latin:literal) => { $latin };
    (@ $native:literal) => { $native };
}

const COMPANY_LATIN: &[(&str, &str)] = &[
    ("", " Fine Art Ltd"),
    ("", " & Sons Limited"),
    ("Galerie ", " GmbH"),
    ("Maison ", " SARL"),
    ("Estate of ", ""),
    ("", " Holdings LLC"),
    ("", " Collection Inc."),
];

const CULTURES: &[Culture] = &[
    Culture {
        language: "en-GB",
        country: "GB",
        order: Order::GivenFamily,
        given: parts![
            "Eleanor", "Hugh", "Imogen", "Rupert", "Saoirse", "Alasdair", "Bronwen", "Edmund", "Harriet",
            "Jago"
        ],
        family: parts![
            "Ashworth",
            "O'Brien",
            "Fitzgerald-Hall",
            "Pemberton",
            "MacAllister",
            "St John",
            "Featherstone",
            "Llewellyn",
            "Whitcombe",
            "Thistlethwaite",
            "Okonkwo",
            "Patel"
        ],
        company: COMPANY_LATIN,
    },
    Culture {
        language: "en-US",
        country: "US",
        order: Order::GivenFamily,
        given: parts![
            "Madison", "Theodore", "Beatrice", "Wyatt", "Louisa", "Carter", "June", "Emmett", "Naomi",
            "Silas"
        ],
        family: parts![
            "Vanderhoeven",
            "Kowalczyk",
            "Rosenbaum",
            "Castellano",
            "Whitfield",
            "Nakagawa",
            "Delacroix",
            "Goldstein",
            "Abernathy",
            "Ferraro",
            "Winthrop",
            "Lindqvist"
        ],
        company: COMPANY_LATIN,
    },
    Culture {
        language: "de",
        country: "DE",
        order: Order::GivenFamily,
        given: parts![
            "Jürgen",
            "Käthe",
            "Günther",
            "Annelöre",
            "Björn",
            "Friederike",
            "Götz",
            "Sabine"
        ],
        family: parts![
            "Müller-Çelik",
            "Strauß",
            "Schönfeld",
            "Großmann",
            "von der Höhe",
            "Weiß",
            "Jäger",
            "Köhler"
        ],
        company: &[
            ("Galerie ", " GmbH"),
            ("Kunsthandel ", " KG"),
            ("", " & Söhne GmbH & Co. KG"),
        ],
    },
    Culture {
        language: "fr",
        country: "FR",
        order: Order::GivenFamily,
        given: parts![
            "Hélène",
            "François",
            "Zoé",
            "Jérôme",
            "Anaïs",
            "Benoît",
            "Agnès",
            "Loïc"
        ],
        family: parts![
            "Lefèvre",
            "d'Aubigné",
            "Crémieux",
            "Façonnable",
            "Le Goff",
            "Brûlé",
            "de La Tour",
            "Noël"
        ],
        company: &[("Maison ", " SARL"), ("Galerie ", " & Fils"), ("", " S.A.")],
    },
    Culture {
        language: "es",
        country: "ES",
        order: Order::GivenFamily,
        given: parts!["Begoña", "Íñigo", "José María", "Lucía", "Ángel", "Concepción"],
        family: parts![
            "Núñez de Balboa",
            "Ibáñez",
            "García Lorca",
            "Peña",
            "Muñoz Degraín",
            "Echeverría"
        ],
        company: &[("Galería ", " S.L."), ("Herederos de ", "")],
    },
    Culture {
        language: "pl",
        country: "PL",
        order: Order::GivenFamily,
        given: parts![
            "Łukasz",
            "Małgorzata",
            "Zbigniew",
            "Śnieżana",
            "Wojciech",
            "Bożena"
        ],
        family: parts![
            "Wiśniewski",
            "Żuławski",
            "Dąbrowska",
            "Świątek",
            "Chrząszcz",
            "Łękawa"
        ],
        company: &[("Dom Aukcyjny ", " sp. z o.o.")],
    },
    Culture {
        language: "sv",
        country: "SE",
        order: Order::GivenFamily,
        given: parts!["Åsa", "Søren", "Björk", "Øyvind", "Märta", "Göran"],
        family: parts!["Ångström", "Sjöberg", "Kjærgaard", "Bø", "Þórsdóttir", "Mäkelä"],
        company: &[("", " Antik AB"), ("", " ApS")],
    },
    Culture {
        language: "tr",
        country: "TR",
        order: Order::GivenFamily,
        given: parts!["İpek", "Çağlar", "Gülşen", "Oğuz", "Şebnem", "Yiğit"],
        family: parts!["Yıldız", "Özgür", "Çelik", "Kılıç", "Şahin", "Güneş"],
        company: &[("", " Sanat A.Ş.")],
    },
    Culture {
        language: "vi",
        country: "VN",
        order: Order::FamilyGiven,
        given: parts!["Thị Ngọc", "Văn Đức", "Minh Châu", "Quốc Bảo"],
        family: parts!["Nguyễn", "Trần", "Đặng", "Huỳnh"],
        company: &[("Công ty ", "")],
    },
    Culture {
        language: "zh-Hant",
        country: "HK",
        order: Order::Joined,
        given: parts![
            "美玲" = "Mei Ling",
            "詠欣" = "Wing Yan",
            "志強" = "Chi Keung",
            "嘉欣" = "Ka Yan",
            "家輝" = "Ka Fai",
            "淑芬" = "Suk Fan",
            "國榮" = "Kwok Wing",
            "思敏" = "Sze Man",
            "偉明" = "Wai Ming",
            "雅文" = "Nga Man"
        ],
        family: parts![
            "陳" = "Chan",
            "黃" = "Wong",
            "李" = "Lee",
            "張" = "Cheung",
            "林" = "Lam",
            "何" = "Ho",
            "鄭" = "Cheng",
            "歐陽" = "Au-Yeung",
            "葉" = "Ip",
            "蘇" = "So",
            "龔" = "Kung"
        ],
        company: &[("", "藝術有限公司"), ("", "珠寶集團有限公司")],
    },
    Culture {
        language: "zh-Hans",
        country: "CN",
        order: Order::Joined,
        given: parts![
            "小明" = "Xiaoming",
            "丽华" = "Lihua",
            "建国" = "Jianguo",
            "雨桐" = "Yutong",
            "浩然" = "Haoran",
            "静怡" = "Jingyi",
            "子轩" = "Zixuan",
            "海燕" = "Haiyan"
        ],
        family: parts![
            "王" = "Wang",
            "张" = "Zhang",
            "刘" = "Liu",
            "赵" = "Zhao",
            "吕" = "Lü",
            "欧阳" = "Ouyang",
            "徐" = "Xu",
            "孙" = "Sun",
            "谢" = "Xie"
        ],
        company: &[("", "文化传播有限公司"), ("", "拍卖行")],
    },
    Culture {
        language: "ja",
        country: "JP",
        order: Order::FamilyGiven,
        given: parts![
            "さくら" = "Sakura",
            "健太郎" = "Kentarō",
            "美穂" = "Miho",
            "ユキ" = "Yuki",
            "剛" = "Tsuyoshi",
            "直子" = "Naoko"
        ],
        family: parts![
            "渡辺" = "Watanabe",
            "齋藤" = "Saitō",
            "小野寺" = "Onodera",
            "大橋" = "Ōhashi",
            "東海林" = "Shōji",
            "佐々木" = "Sasaki"
        ],
        company: &[("株式会社", "画廊"), ("", "美術株式会社")],
    },
    Culture {
        language: "ko",
        country: "KR",
        order: Order::Joined,
        given: parts![
            "민준" = "Min-jun",
            "서연" = "Seo-yeon",
            "지훈" = "Ji-hoon",
            "하은" = "Ha-eun",
            "영숙" = "Young-sook"
        ],
        family: parts![
            "김" = "Kim",
            "이" = "Lee",
            "박" = "Park",
            "최" = "Choi",
            "남궁" = "Namgung",
            "정" = "Jung"
        ],
        company: &[("주식회사 ", "갤러리"), ("", "문화재단")],
    },
    Culture {
        language: "ar",
        country: "AE",
        order: Order::GivenFamily,
        given: parts![
            "فاطمة" = "Fatima",
            "خالد" = "Khalid",
            "نورة" = "Noura",
            "عبد الله" = "Abdullah",
            "ليلى" = "Layla"
        ],
        family: parts![
            "الفارسي" = "Al-Farsi",
            "القاسمي" = "Al-Qasimi",
            "بن راشد" = "bin Rashid",
            "حداد" = "Haddad",
            "المنصوري" = "Al Mansoori"
        ],
        company: &[("مجموعة ", "")],
    },
    Culture {
        language: "ru",
        country: "CY",
        order: Order::GivenFamily,
        given: parts![
            "Екатерина" = "Ekaterina",
            "Дмитрий" = "Dmitry",
            "Любовь" = "Lyubov",
            "Фёдор" = "Fyodor",
            "Зинаида" = "Zinaida"
        ],
        family: parts![
            "Щербакова" = "Shcherbakova",
            "Юсупов" = "Yusupov",
            "Достоевская" = "Dostoevskaya",
            "Чехов" = "Chekhov",
            "Жуковский" = "Zhukovsky"
        ],
        company: &[("ООО ", " Антиквариат")],
    },
    Culture {
        language: "el",
        country: "GR",
        order: Order::GivenFamily,
        given: parts![
            "Ελένη" = "Eleni",
            "Γιώργος" = "Giorgos",
            "Χρυσάνθη" = "Chrysanthi",
            "Σταύρος" = "Stavros"
        ],
        family: parts![
            "Παπαδοπούλου" = "Papadopoulou",
            "Οικονόμου" = "Oikonomou",
            "Ξενάκης" = "Xenakis",
            "Ωνάσης" = "Onassis"
        ],
        company: &[("Γκαλερί ", " Α.Ε.")],
    },
    Culture {
        language: "th",
        country: "TH",
        order: Order::GivenFamily,
        given: parts![
            "สมชาย" = "Somchai",
            "มาลี" = "Malee",
            "ณัฐพงษ์" = "Nattapong",
            "พิมพ์ใจ" = "Pimjai"
        ],
        family: parts![
            "ศรีสุข" = "Srisuk",
            "จันทร์โอชา" = "Chan-ocha",
            "ทองดี" = "Thongdee",
            "วัฒนกุล" = "Wattanakul"
        ],
        company: &[("บริษัท ", " จำกัด")],
    },
    Culture {
        language: "he",
        country: "IL",
        order: Order::GivenFamily,
        given: parts!["נועה" = "Noa", "יעקב" = "Yaakov", "שירה" = "Shira"],
        family: parts!["לוי" = "Levy", "בן-דוד" = "Ben-David", "מזרחי" = "Mizrahi"],
        company: &[("גלריה ", " בע\"מ")],
    },
    Culture {
        language: "hi",
        country: "IN",
        order: Order::GivenFamily,
        given: parts!["प्रिया" = "Priya", "अर्जुन" = "Arjun", "लक्ष्मी" = "Lakshmi"],
        family: parts![
            "शर्मा" = "Sharma",
            "अग्रवाल" = "Agarwal",
            "चट्टोपाध्याय" = "Chattopadhyay"
        ],
        company: &[("", " ज्वैलर्स")],
    },
];

/// Which cultures are at home at a saleroom, by position, the frequent ones several times.
const AT_HOME: [&[usize]; 3] = [
    &[0, 0, 0, 0, 2, 3, 3, 4, 5, 6, 7, 13, 14, 15, 17, 18, 10],
    &[1, 1, 1, 1, 1, 0, 4, 5, 9, 12, 13, 17, 18, 8, 3],
    &[9, 9, 9, 9, 10, 10, 10, 11, 11, 12, 12, 16, 8, 0, 14],
];

const SYLLABLES: &[&str] = &[
    "bar", "mont", "dell", "kar", "win", "thor", "ville", "strom", "berg", "lan", "quist", "mer", "ros",
    "hol",
];

fn pick<T: Copy>(rng: &mut ChaCha8Rng, from: &[T]) -> T {
    from[rng.random_range(0..from.len())]
}

/// A name for a client of the saleroom at that position; one in eight is a company.
pub(crate) fn name(rng: &mut ChaCha8Rng, saleroom: usize) -> Name {
    let culture = &CULTURES[pick(rng, AT_HOME[saleroom % AT_HOME.len()])];
    let (given, given_latin) = pick(rng, culture.given);
    let (family, family_latin) = pick(rng, culture.family);
    let company = rng.random_ratio(1, 8);
    let spellings = rng.random_range(0_usize..12);
    // Enough different surnames that a million clients do not share a few hundred.
    let compound = culture.order == Order::GivenFamily && family == family_latin && rng.random_ratio(1, 3);
    let (family, family_latin) = if compound {
        let tail = capital(&format!("{}{}", pick(rng, SYLLABLES), pick(rng, SYLLABLES)));
        (format!("{family}-{tail}"), format!("{family_latin}-{tail}"))
    } else {
        (family.to_owned(), family_latin.to_owned())
    };
    let mailbox: String = fold(&format!("{given_latin}.{family_latin}"))
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '.')
        .collect();
    let (legal, mut variants) = if company {
        let (before, after) = pick(rng, culture.company);
        company_spellings(&family, &family_latin, before, after)
    } else {
        let legal = person(culture.order, given, &family);
        (
            legal,
            person_spellings(culture.order, (given, given_latin), (&family, &family_latin)),
        )
    };
    let mut seen = vec![legal.clone()];
    variants.retain(|variant| {
        let new = !seen.contains(variant);
        if new {
            seen.push(variant.clone());
        }
        new
    });
    // A name in another script keeps its transliteration, however few spellings it has.
    variants.truncate(if legal.is_ascii() {
        spellings
    } else {
        spellings.max(2)
    });
    Name {
        legal,
        language: culture.language,
        country: culture.country,
        company,
        variants,
        mailbox,
    }
}

fn person(order: Order, given: &str, family: &str) -> String {
    match order {
        Order::GivenFamily => format!("{given} {family}"),
        Order::FamilyGiven => format!("{family} {given}"),
        Order::Joined => format!("{family}{given}"),
    }
}

fn person_spellings(order: Order, given: (&str, &str), family: (&str, &str)) -> Vec<String> {
    let ((given, given_latin), (family, family_latin)) = (given, family);
    let initial: String = given_latin.chars().take(1).collect();
    let swapped = match order {
        Order::FamilyGiven => format!("{given} {family}"),
        Order::GivenFamily | Order::Joined => format!("{family} {given}"),
    };
    vec![
        format!("{given_latin} {family_latin}"),
        format!("{family_latin}, {given_latin}"),
        swapped,
        format!("{initial}. {family_latin}"),
        format!("{} {}", family_latin.to_uppercase(), given_latin.to_uppercase()),
        format!("{family_latin} {given_latin}"),
        fold(&format!("{given_latin} {family_latin}")),
        format!("{family_latin} {initial}"),
        format!("{}{family_latin}", given_latin.replace([' ', '-'], "")),
        format!("{} {family_latin}", given_latin.replace(' ', "-")),
        format!("Mr/Ms {initial} {family_latin}"),
    ]
}

fn company_spellings(family: &str, latin: &str, before: &str, after: &str) -> (String, Vec<String>) {
    let legal = format!("{before}{family}{after}");
    let variants = vec![
        format!("{latin} Fine Art"),
        format!("{latin} Limited"),
        format!("{} LTD.", latin.to_uppercase()),
        format!("{latin} Ltd"),
        format!("{latin} Co., Ltd"),
        format!("{latin} & Co"),
        format!("{family}"),
        format!("The {latin} Gallery"),
        fold(&format!("{latin} fine art limited")),
        format!("{latin} (Trading)"),
        format!("{latin} Intl."),
    ];
    (legal, variants)
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A phone number of a range that is given to nobody.
pub(crate) fn phone(saleroom: usize, n: u64) -> String {
    match saleroom {
        0 => format!("+44 20 7946 0{:03}", n % 1000),
        1 => {
            const AREAS: [&str; 6] = ["212", "646", "718", "917", "332", "929"];
            let area = AREAS[usize::try_from(n / 100 % 6).unwrap_or(0)];
            format!("+1 {area} 555 01{:02}", n % 100)
        }
        _ => format!("+852 0{:03} {:04}", n / 10_000 % 1000, n % 10_000),
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn names_come_in_many_scripts_with_their_transliterations() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let names: Vec<Name> = (0..600).map(|at| name(&mut rng, at % 3)).collect();
        for (what, range) in [
            ("Han", '\u{4E00}'..='\u{9FFF}'),
            ("kana", '\u{3040}'..='\u{30FF}'),
            ("Hangul", '\u{AC00}'..='\u{D7AF}'),
            ("Arabic", '\u{0600}'..='\u{06FF}'),
            ("Cyrillic", '\u{0400}'..='\u{04FF}'),
            ("Greek", '\u{0370}'..='\u{03FF}'),
            ("Thai", '\u{0E00}'..='\u{0E7F}'),
        ] {
            let of_script: Vec<_> = names
                .iter()
                .filter(|name| name.legal.chars().any(|c| range.contains(&c)))
                .collect();
            assert!(of_script.len() > 3, "{what}: {}", of_script.len());
            for name in of_script {
                let latin = |text: &String| text.chars().any(|c| c.is_ascii_alphabetic());
                assert!(
                    name.variants.iter().any(latin),
                    "{} has no transliteration",
                    name.legal
                );
            }
        }
        assert_eq!(names.iter().map(|name| name.variants.len()).max(), Some(11));
    }

    #[test]
    fn mailboxes_hold_what_an_address_may_hold() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        for at in 0..600 {
            let mailbox = name(&mut rng, at % 3).mailbox;
            assert!(
                mailbox.len() > 2 && mailbox.chars().all(|c| c.is_ascii_lowercase() || c == '.'),
                "{mailbox}"
            );
        }
    }
}
