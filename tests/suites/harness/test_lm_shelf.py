"""Which tasks lm-eval knows: the user's own folders first, paths from where they stand, and no code unless it is allowed."""

import pytest

from ragguard.errors import InputError
from ragguard.suites.harness import tasks


@pytest.fixture
def problems(suite):
    def tell(spec: str, **options: bool) -> list[str]:
        with pytest.raises(InputError) as caught:
            tasks.load(suite(spec), **options)
        return [str(problem) for problem in caught.value.problems]

    return tell


def test_a_folders_tasks_are_found_wherever_ragguard_runs(loaded, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    found = loaded()
    assert [(task.name, len(task.cases)) for task in found.tasks] == [("asked", 12), ("chosen", 20)]
    assert found.groups == {"both": {"asked", "chosen"}}


def test_data_may_stand_where_lm_eval_looks_for_it(loaded, own, folder):
    (own / "asked" / "items.jsonl").rename(folder / "items.jsonl")
    assert len(loaded("asked").tasks[0].cases) == 12


def test_files_that_are_included_and_data_by_a_pattern(loaded, own):
    text = (own / "asked" / "asked.yaml").read_text()
    (own / "base.yaml").write_text(text.replace("task: asked\n", "").replace("items.jsonl", "[item*.jsonl]"))
    (own / "asked" / "asked.yaml").write_text("include: ../base.yaml\ntask: asked\n")
    assert len(loaded("asked").tasks[0].cases) == 12


@pytest.mark.parametrize("name", ["tag", "group"])
def test_tags_and_groups_are_all_their_tasks(loaded, own, name):
    if name == "tag":
        for task in ("asked", "chosen"):
            file = own / task / f"{task}.yaml"
            file.write_text(file.read_text() + "tag: two\n")
    else:
        (own / "two.yaml").write_text("group: two\ntask:\n  - asked\n  - {task: chosen, num_fewshot: 2}\n")
    found = loaded("two")
    assert found.groups["two"] == {"asked", "chosen"}
    assert [task.shots for task in found.tasks] == [0, 2 if name == "group" else 0]


def test_a_task_that_two_groups_have_is_asked_once(loaded, own):
    (own / "first.yaml").write_text("group: first\ntask: [asked]\n")
    found = loaded("first, both, asked")
    assert [task.name for task in found.tasks] == ["asked", "chosen"]
    assert found.groups == {"first": {"asked"}, "both": {"asked", "chosen"}}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("torn.yaml", "task: [torn\n", "tasks/torn.yaml:2: is not valid YAML: "),
        ("list.yaml", "- a\n", "tasks/list.yaml: cannot be read as a task: Expected YAML dict"),
        ("lost.yaml", "include: nowhere.yaml\ntask: lost\n", "tasks/lost.yaml: cannot be read as a task: [Errno 2] No such file"),
        ("again.yaml", "task: asked\n", "tasks/asked/asked.yaml: 'asked' is also what tasks/again.yaml is called; rename one"),
    ],
)
def test_a_file_that_is_no_task_is_named_and_not_passed_over(problems, own, name, text, told):
    (own / name).write_text(text)
    (found,) = problems("{folders: [tasks], tasks: [asked]}")
    assert found.startswith(told)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("items.jsonl", "nowhere.jsonl"), "cannot load the task 'asked' (FileNotFoundError: Unable to find"),
        (("generate_until", "generate"), "cannot load the task 'asked' (ValueError: Got invalid output_type 'generate'"),
        (("{{prompt}}", "{{promt}}"), "cannot load the task 'asked' (UndefinedError: 'promt' is undefined)"),
        (("test_split: test", "test_split: dev"), "cannot load the task 'asked' (KeyError: 'dev')"),
    ],
)
def test_a_task_that_lm_eval_cannot_use_is_an_error_of_its_file(problems, own, change, told):
    file = own / "asked" / "asked.yaml"
    assert change[0] in file.read_text()
    file.write_text(file.read_text().replace(*change))
    (found,) = problems("{folders: [tasks], tasks: [asked]}")
    assert found.startswith("suite0.yaml:3: lm-eval " + told), found
    assert found.endswith("; mend its file")


def test_a_folder_that_is_not_there(problems):
    assert problems("{folders: [nowhere, gone], tasks: [asked]}") == [
        f"suite0.yaml:3: folders: there is no folder {name}; paths start from the file that names them" for name in ("nowhere", "gone")
    ]


CODE = "def shout(doc):\n    open('ran', 'w').close()\n    return doc['prompt'].upper()\n"


def test_code_in_a_task_runs_only_with_leave(problems, loaded, own, folder):
    (own / "asked" / "utils.py").write_text(CODE)
    file = own / "asked" / "asked.yaml"
    file.write_text(file.read_text().replace('"{{prompt}}"', "!function utils.shout"))
    (told,) = problems("{folders: [tasks], tasks: [both]}")
    assert told == "tasks/asked/asked.yaml: the task 'asked' runs code of its own (!function); if you trust it, say so with --allow-code"
    assert not (folder / "ran").exists()
    assert loaded("chosen").tasks[0].name == "chosen", "code of a task that is not asked for is nobody's business"
    assert loaded("asked", allow_code=True).tasks[0].cases[0].text == "QUESTION 0: IS IT SO? ANSWER:"


def test_tasks_that_run_what_the_model_writes_need_leave_too(problems, own):
    file = own / "asked" / "asked.yaml"
    file.write_text(file.read_text() + "unsafe_code: true\n")
    (found,) = problems("{folders: [tasks], tasks: [asked]}")
    assert found.startswith("suite0.yaml:3: the task 'asked' runs the code that the model writes; if you trust it")


def test_templates_run_in_a_sandbox(problems, own):
    file = own / "asked" / "asked.yaml"
    file.write_text(file.read_text().replace("{{prompt}}", "{{ prompt.__class__.__mro__ }}"))
    (found,) = problems("{folders: [tasks], tasks: [asked]}")
    assert "SecurityError: access to attribute '__class__' of 'str' object is unsafe" in found


def test_a_name_that_comes_from_outside_would_be_printed(problems, own, monkeypatch):
    monkeypatch.setenv("WHICH", "asked")
    (found,) = problems("{folders: [tasks], tasks: ['${WHICH}']}")
    assert found.startswith("suite0.yaml:3: the task's name comes from the environment")


@pytest.mark.slow
def test_names_that_nobody_knows(problems, own):
    assert problems("{folders: [tasks], tasks: [askd, mmlu_anatomi, zzzyx-9]}") == [
        "suite0.yaml:3: lm-eval knows no task 'askd'; did you mean 'asked'?",
        "suite0.yaml:3: lm-eval knows no task 'mmlu_anatomi'; did you mean 'mmlu_anatomy'?",
        "suite0.yaml:3: lm-eval knows no task 'zzzyx-9'; `lm-eval ls tasks` lists them",
    ]


@pytest.mark.slow
def test_a_group_of_ones_own_may_hold_shipped_tasks_and_must_not_hold_unknown_ones(problems, own):
    (own / "mixed.yaml").write_text("group: mixed\ntask: [asked, nowhere_to_be_found]\n")
    assert problems("{folders: [tasks], tasks: [mixed]}") == [
        "suite0.yaml:3: 'mixed' has a task 'nowhere_to_be_found', which lm-eval does not know; mend its file"
    ]


@pytest.mark.slow
def test_shipped_code_that_runs_what_the_model_writes_needs_leave(problems):
    (found,) = problems("[humaneval]")
    assert found.startswith("suite0.yaml:3: the task 'humaneval' runs the code that the model writes")
