"""The built-in topics: Kutaisi's list of interest groups, in five languages with short names that fit a menu.

A municipality replaces them in its configuration, and from then on in its console.
"""

from __future__ import annotations

from smsbot.dialogue.model import Topic


def _topic(number: int, code: str, ka: str, en: str, ru: str, az: str, hy: str, *words: str) -> Topic:
    return Topic(number, code, number, {"ka": ka, "en": en, "ru": ru, "az": az, "hy": hy}, words)


TOPICS: tuple[Topic, ...] = (
    _topic(
        1, "budget", "ბიუჯეტი", "Budget", "бюджет", "büdcə", "բյուջե",
        "biujeti", "biudjeti", "biudzheti", "byudzhet", "საჯარო განხილვა", "hearing", "hearings",
    ),
    _topic(
        2, "social", "სოციალური", "Social", "соцпомощь", "sosial", "սոցիալական",
        "sotsialuri", "socialuri", "პენსია", "ჯანდაცვა", "welfare", "социальная помощь", "льготы", "müavinət", "նպաստ",
    ),
    _topic(
        3, "planning", "დაგეგმარება", "Planning", "застройка", "planlama", "կառուցապատում",
        "მშენებლობა", "გენგეგმა", "არქიტექტურა", "градостроительство", "tikinti", "շինարարություն",
    ),
    _topic(
        4, "culture", "კულტურა", "Culture", "культура", "mədəniyyət", "մշակույթ",
        "კონცერტი", "თეატრი", "ფესტივალი", "концерт", "konsert", "համերգ",
    ),
    _topic(
        5, "education", "განათლება", "Education", "образование", "təhsil", "կրթություն",
        "ბაღი", "სკოლა", "წრეები", "kindergarten", "school", "детсад", "школа", "bağça", "մանկապարտեզ",
    ),
    _topic(
        6, "roads", "გზები", "Roads", "дороги", "yollar", "ճանապարհներ",
        "გზა", "ტრანსპორტი", "ავტობუსი", "road", "transport", "дорога", "транспорт", "yol", "nəqliyyat", "ճանապարհ",
    ),
    _topic(
        7, "advisors", "მრჩევლები", "Advisors", "совет граждан", "məsləhətçilər", "խորհրդատուներ",
        "მრჩეველთა საბჭო", "საბჭო", "civil council", "advisory council", "совет",
    ),
    _topic(8, "other", "სხვა", "Other", "другое", "digər", "այլ", "სხვა თემები", "прочее", "başqa", "ուրիշ"),
)  # fmt: skip
