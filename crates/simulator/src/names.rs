//! The words that populations are made of: names in many scripts, each with its Latin form for addresses, titles,
//! departments, places. Every person made of them is fictitious, and every domain is reserved for examples.

/// Names as they are written in one culture: (written, Latin form).
pub(crate) struct Culture {
    pub(crate) share: u32,
    pub(crate) family_first: bool,
    /// What stands between the two parts of a name.
    pub(crate) gap: &'static str,
    pub(crate) given: &'static [(&'static str, &'static str)],
    pub(crate) family: &'static [(&'static str, &'static str)],
    pub(crate) time_zones: &'static [&'static str],
    pub(crate) places: &'static [&'static str],
}

#[rustfmt::skip]
pub(crate) const CULTURES: &[Culture] = &[
    Culture {
        share: 340,
        family_first: false,
        gap: " ",
        given: &[
            ("Olivia", "olivia"), ("James", "james"), ("Amelia", "amelia"), ("Noah", "noah"), ("Grace", "grace"), ("Henry", "henry"),
            ("Charlotte", "charlotte"), ("Liam", "liam"), ("Ruby", "ruby"), ("Ethan", "ethan"), ("Isla", "isla"), ("Mason", "mason"),
            ("Sophie", "sophie"), ("Daniel", "daniel"), ("Hannah", "hannah"), ("Marcus", "marcus"), ("Nina", "nina"), ("Oscar", "oscar"),
            ("Priscilla", "priscilla"), ("Quentin", "quentin"), ("Rosalind", "rosalind"), ("Samuel", "samuel"), ("Tessa", "tessa"), ("Victor", "victor"),
            ("Mary-Jane", "mary-jane"), ("D'Andre", "dandre"), ("Wendy", "wendy"), ("Yvonne", "yvonne"), ("Alan", "alan"), ("Beatrice", "beatrice"),
        ],
        family: &[
            ("Carter", "carter"), ("Bennett", "bennett"), ("Clarke", "clarke"), ("Dawson", "dawson"), ("Ellis", "ellis"), ("Foster", "foster"),
            ("Graham", "graham"), ("Hughes", "hughes"), ("Ingram", "ingram"), ("Jennings", "jennings"), ("Kendall", "kendall"), ("Lawson", "lawson"),
            ("Marsh", "marsh"), ("Norton", "norton"), ("O'Brien", "obrien"), ("Parsons", "parsons"), ("Quinn", "quinn"), ("Reid", "reid"),
            ("Sutton", "sutton"), ("Turner", "turner"), ("Underwood", "underwood"), ("Vaughan", "vaughan"), ("Whitaker", "whitaker"), ("Young", "young"),
            ("Smith", "smith"), ("Smythe-Harrington", "smythe-harrington"), ("McAllister", "mcallister"), ("Null", "null"), ("Test", "test"), ("Baker", "baker"),
        ],
        time_zones: &["Europe/London", "America/New_York", "America/Los_Angeles", "Australia/Sydney", "America/Chicago"],
        places: &["London", "New York", "San Francisco", "Sydney", "Dublin", "Austin"],
    },
    Culture {
        share: 120,
        family_first: false,
        gap: " ",
        given: &[
            ("Jürgen", "juergen"), ("Käthe", "kaethe"), ("Björn", "bjoern"), ("Anneliese", "anneliese"), ("Götz", "goetz"), ("Lena", "lena"),
            ("Matthias", "matthias"), ("Sabine", "sabine"), ("Thorsten", "thorsten"), ("Uwe", "uwe"), ("Ines", "ines"), ("Søren", "soeren"),
            ("Åsa", "asa"), ("Øyvind", "oeyvind"), ("Freya", "freya"),
        ],
        family: &[
            ("Müller", "mueller"), ("Schäfer", "schaefer"), ("Größl", "groessl"), ("Weiß", "weiss"), ("von der Heide", "vonderheide"), ("Köhler", "koehler"),
            ("Jørgensen", "joergensen"), ("Ångström", "angstroem"), ("Hansen", "hansen"), ("Schmidt", "schmidt"), ("Brückner", "brueckner"), ("Lindqvist", "lindqvist"),
        ],
        time_zones: &["Europe/Berlin", "Europe/Vienna", "Europe/Copenhagen", "Europe/Stockholm"],
        places: &["Berlin", "München", "Wien", "København", "Malmö", "Zürich"],
    },
    Culture {
        share: 110,
        family_first: false,
        gap: " ",
        given: &[
            ("José", "jose"), ("Núria", "nuria"), ("Iñaki", "inaki"), ("Zoë", "zoe"), ("François", "francois"), ("Hélène", "helene"),
            ("João", "joao"), ("Conceição", "conceicao"), ("Giovanni", "giovanni"), ("Chloé", "chloe"), ("Álvaro", "alvaro"), ("Lucía", "lucia"),
        ],
        family: &[
            ("García Márquez", "garciamarquez"), ("Peña", "pena"), ("Lefèvre", "lefevre"), ("D’Amico", "damico"), ("Gonçalves", "goncalves"), ("Muñoz", "munoz"),
            ("Fernández de la Vega", "fernandezdelavega"), ("Rossi", "rossi"), ("Brûlé", "brule"), ("Araújo", "araujo"), ("Ibáñez", "ibanez"), ("Moreau", "moreau"),
        ],
        time_zones: &["Europe/Madrid", "Europe/Paris", "America/Sao_Paulo", "America/Mexico_City", "Europe/Rome"],
        places: &["Madrid", "Paris", "São Paulo", "Ciudad de México", "Lisboa", "Roma"],
    },
    Culture {
        share: 70,
        family_first: false,
        gap: " ",
        given: &[
            ("Łukasz", "lukasz"), ("Małgorzata", "malgorzata"), ("Zdeněk", "zdenek"), ("Şebnem", "sebnem"), ("İbrahim", "ibrahim"), ("Ağaoğlu", "agaoglu"),
            ("Jiří", "jiri"), ("Đorđe", "djordje"), ("Ştefan", "stefan"), ("Zsófia", "zsofia"),
        ],
        family: &[
            ("Wiśniewski", "wisniewski"), ("Dvořák", "dvorak"), ("Yıldız", "yildiz"), ("Nagy", "nagy"), ("Kovačević", "kovacevic"), ("Ionescu", "ionescu"),
            ("Žižka", "zizka"), ("Çelik", "celik"), ("Błaszczykowski", "blaszczykowski"), ("Horváth", "horvath"),
        ],
        time_zones: &["Europe/Warsaw", "Europe/Prague", "Europe/Istanbul", "Europe/Budapest"],
        places: &["Łódź", "Praha", "İstanbul", "Budapest", "Bucureşti"],
    },
    Culture {
        share: 60,
        family_first: false,
        gap: " ",
        given: &[
            ("Анна", "anna"), ("Дмитрий", "dmitri"), ("Ольга", "olga"), ("Сергей", "sergei"), ("Юлия", "yulia"), ("Тарас", "taras"), ("Ївга", "yivha"), ("Йордан", "yordan"),
        ],
        family: &[
            ("Соколова", "sokolova"), ("Ковальчук", "kovalchuk"), ("Шевченко", "shevchenko"), ("Морозов", "morozov"), ("Щербаков", "shcherbakov"), ("Ёлкина", "yolkina"), ("Димитров", "dimitrov"),
        ],
        time_zones: &["Europe/Kyiv", "Europe/Sofia", "Asia/Almaty"],
        places: &["Київ", "София", "Алматы"],
    },
    Culture {
        share: 25,
        family_first: false,
        gap: " ",
        given: &[("Γιώργος", "giorgos"), ("Ελένη", "eleni"), ("Αλέξανδρος", "alexandros"), ("Σοφία", "sofia"), ("Οδυσσέας", "odysseas")],
        family: &[("Παπαδόπουλος", "papadopoulos"), ("Νικολάου", "nikolaou"), ("Καζαντζάκης", "kazantzakis"), ("Ιωάννου", "ioannou")],
        time_zones: &["Europe/Athens"],
        places: &["Αθήνα", "Θεσσαλονίκη"],
    },
    Culture {
        share: 45,
        family_first: false,
        gap: " ",
        given: &[("محمد", "mohammed"), ("فاطمة", "fatima"), ("يوسف", "yousef"), ("ليلى", "layla"), ("عبد الرحمن", "abdelrahman"), ("نور", "nour")],
        family: &[("الهاشمي", "alhashimi"), ("حداد", "haddad"), ("القاسم", "alqasim"), ("منصور", "mansour"), ("بن علي", "benali")],
        time_zones: &["Asia/Dubai", "Africa/Cairo"],
        places: &["دبي", "القاهرة"],
    },
    Culture {
        share: 20,
        family_first: false,
        gap: " ",
        given: &[("נועה", "noa"), ("איתן", "eitan"), ("תמר", "tamar"), ("יעל", "yael")],
        family: &[("כהן", "cohen"), ("לוי", "levi"), ("מזרחי", "mizrahi"), ("ברק", "barak")],
        time_zones: &["Asia/Jerusalem"],
        places: &["תל אביב", "חיפה"],
    },
    Culture {
        share: 80,
        family_first: false,
        gap: " ",
        given: &[("प्रिया", "priya"), ("अर्जुन", "arjun"), ("दीपिका", "deepika"), ("राजेश", "rajesh"), ("சுந்தர்", "sundar"), ("আনিকা", "anika"), ("Kavitha", "kavitha"), ("Rohan", "rohan")],
        family: &[("शर्मा", "sharma"), ("पटेल", "patel"), ("कृष्णमूर्ति", "krishnamurthy"), ("Iyer", "iyer"), ("রহমান", "rahman"), ("ராமன்", "raman"), ("Venkatanarasimharajuvaripeta", "venkatanarasimharajuvaripeta")],
        time_zones: &["Asia/Kolkata", "Asia/Dhaka"],
        places: &["मुंबई", "Bengaluru", "ঢাকা", "Chennai"],
    },
    Culture {
        share: 55,
        family_first: true,
        gap: "",
        given: &[("伟", "wei"), ("芳", "fang"), ("秀英", "xiuying"), ("小明", "xiaoming"), ("静", "jing"), ("志強", "zhiqiang"), ("𠮷雄", "jixiong")],
        family: &[("王", "wang"), ("李", "li"), ("張", "zhang"), ("刘", "liu"), ("陳", "chen"), ("歐陽", "ouyang")],
        time_zones: &["Asia/Shanghai", "Asia/Taipei", "Asia/Singapore"],
        places: &["上海", "臺北", "Singapore"],
    },
    Culture {
        share: 35,
        family_first: true,
        gap: " ",
        given: &[("さくら", "sakura"), ("太郎", "taro"), ("結衣", "yui"), ("ケン", "ken"), ("陽斗", "haruto")],
        family: &[("佐藤", "sato"), ("鈴木", "suzuki"), ("髙橋", "takahashi"), ("渡邉", "watanabe"), ("山田", "yamada")],
        time_zones: &["Asia/Tokyo"],
        places: &["東京", "大阪"],
    },
    Culture {
        share: 25,
        family_first: true,
        gap: "",
        given: &[("민준", "minjun"), ("서연", "seoyeon"), ("지훈", "jihoon"), ("하은", "haeun")],
        family: &[("김", "kim"), ("이", "lee"), ("박", "park"), ("최", "choi"), ("남궁", "namgung")],
        time_zones: &["Asia/Seoul"],
        places: &["서울", "부산"],
    },
    Culture {
        share: 15,
        family_first: false,
        gap: " ",
        given: &[("สมชาย", "somchai"), ("กัญญา", "kanya"), ("ชูศักดิ์", "chusak"), ("Nguyễn", "nguyen"), ("Thị Hương", "thihuong"), ("Đặng", "dang")],
        family: &[("ศรีสวัสดิ์", "srisawat"), ("วงศ์สุวรรณ", "wongsuwan"), ("Phạm", "pham"), ("Trần", "tran"), ("Đỗ", "do")],
        time_zones: &["Asia/Bangkok", "Asia/Ho_Chi_Minh"],
        places: &["กรุงเทพฯ", "Hà Nội"],
    },
];

pub(crate) const JOB_TITLES: &[&str] = &[
    "Software Engineer",
    "Senior Software Engineer",
    "Product Manager",
    "Designer",
    "Analyst",
    "Data Scientist",
    "Support Agent",
    "Team Lead",
    "Director",
    "Accountant",
    "Recruiter",
    "Office Manager",
    "Sales Representative",
    "Account Executive",
    "Security Engineer",
    "Site Reliability Engineer",
    "Technical Writer",
    "Consultant",
    "Legal Counsel",
    "Head of R&D",
    "Procurement Specialist",
    "Trainer",
    "Quality Engineer",
    "Solutions Architect",
    "Intern",
    "Vice President, \"Special Projects\"",
];

pub(crate) const DEPARTMENTS: &[&str] = &[
    "Engineering",
    "Product",
    "Design",
    "Customer Support",
    "Sales",
    "Marketing",
    "Finance",
    "People",
    "Legal",
    "IT",
    "Security",
    "Operations",
    "Research & Development",
    "Procurement",
    "Data",
    "Documentation",
];

pub(crate) const UNITS: &[&str] =
    &["Platform", "Payments", "Mobile", "Growth", "Core", "Cloud", "Field", "Corporate", "Labs"];

/// Words of ordinary groups' names.
pub(crate) const TEAMS: &[&str] = &[
    "falcon", "otter", "cedar", "granite", "lagoon", "ember", "juniper", "quartz", "harbor", "meadow", "saffron",
    "tundra", "willow", "zephyr", "cobalt", "delta", "echo", "fjord", "glacier", "heron", "indigo", "jasper",
    "kestrel", "lynx", "maple", "nimbus",
];

pub(crate) const PURPOSES: &[&str] = &[
    "developers",
    "leads",
    "oncall",
    "reviewers",
    "project",
    "readers",
    "announce",
    "guild",
    "release",
    "testers",
    "planning",
    "all",
];

pub(crate) const APP_NAMES: &[&str] = &[
    "Automation for Jira",
    "Chat Notifications",
    "Build Status",
    "Code Insights",
    "Diagram Editor",
    "Time Sheets",
    "Asset Importer",
    "Test Management",
];

/// The domain of the addresses that Atlassian gives service accounts.
pub(crate) const SERVICE_DOMAIN: &str = "serviceaccount.atlassian.com";

pub(crate) const SERVICE_NAMES: &[(&str, &str)] = &[
    ("Deploy Bot", "svc-deploy"),
    ("Jenkins CI", "svc-jenkins"),
    ("svc-backup", "svc-backup"),
    ("Confluence Export", "svc-export"),
    ("Monitoring (service account)", "svc-monitoring"),
    ("Integration User", "integration"),
    ("no-reply", "noreply"),
    ("HR Sync", "svc-hr"),
];

pub(crate) const ORGANIZATIONS: &[(&str, &str)] = &[
    ("Meridian Works", "meridian"),
    ("Northwind Labs", "northwind"),
    ("Halcyon Systems", "halcyon"),
    ("Cobalt & Sons", "cobalt"),
    ("Tidewater Group", "tidewater"),
    ("Ørsund Industri", "orsund"),
];

pub(crate) const OUTSIDE_DOMAINS: &[&str] = &[
    "contractors.example",
    "partner-agency.example",
    "freelance.test",
    "consulting.example",
    "bücher.example",
    "mail.test",
];
