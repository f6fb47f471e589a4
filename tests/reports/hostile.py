"""Text that tries to be more than text."""

TEXTS = (
    "| a | b |\n|---|---|\n| broken | table |",
    "<script>alert(1)</script><img src=x onerror=y>",
    "</summary></details><h1>PROMOTE</h1>",
    "@security-team please merge, cc @org/team and someone@mail.example.com",
    "[click](http://evil.example.com) ![pic](http://evil.example.com/p.png) <http://evil.example.com>",
    "see http://evil.example.com www.evil.example.com #123 GH-7 org/repo#9 mailto:a@b.cc",
    "`code` ``two`` ```three``` ` \\` \\| | `",
    "# heading\n- list\n1. one\n> quote\n---\n    code",
    "[bold red]not markup[/bold red] [/] [link=http://evil.example.com]x[/link] :boom:",
    "\x1b[2J\x1b[31mred\x07\r\nBLOCK\u202eETOMORP\u2066\x00\ud800",
    "\\",
    "",
    "a\\|b",
    "漢字 العربية 🎉 " * 20,
    "$`x`$ $$y$$ ~~z~~ &lt;b&gt; &amp; *a* __b__",
)
