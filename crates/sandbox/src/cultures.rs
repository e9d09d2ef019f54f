//! The parts that names are made of, by language, in the script in which they are written.

/// A name part as written and as transliterated.
pub(crate) type Part = (&'static str, &'static str);

pub(crate) struct Culture {
    pub(crate) language: &'static str,
    pub(crate) country: &'static str,
    /// Family name first in its own script, and with a blank between?
    pub(crate) order: Order,
    pub(crate) given: &'static [Part],
    pub(crate) family: &'static [Part],
    /// Prefix and suffix of a company.
    pub(crate) company: &'static [(&'static str, &'static str)],
}

#[derive(PartialEq, Eq, Clone, Copy)]
pub(crate) enum Order {
    GivenFamily,
    FamilyGiven,
    Joined,
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

pub(crate) const CULTURES: &[Culture] = &[
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
pub(crate) const AT_HOME: [&[usize]; 3] = [
    &[0, 0, 0, 0, 2, 3, 3, 4, 5, 6, 7, 13, 14, 15, 17, 18, 10],
    &[1, 1, 1, 1, 1, 0, 4, 5, 9, 12, 13, 17, 18, 8, 3],
    &[9, 9, 9, 9, 10, 10, 10, 11, 11, 12, 12, 16, 8, 0, 14],
];
