from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from services.kernel.problems import (
    FieldError,
    IdReused,
    Problem,
    TooFast,
    Unavailable,
    field_errors,
    invalid,
    language_of,
    unnamed,
)
from services.kernel.web import rendering


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    count: int = Field(ge=1, le=9999)
    code: str


def faults(body):
    with pytest.raises(ValidationError) as caught:
        Form.model_validate(body)
    return {error.pointer: error for error in field_errors(caught.value)}


@pytest.mark.parametrize("count", [True, 1.5, 1.0, "3", None, 0, 10_000])
def test_a_wrong_integer_is_named_with_its_remedy(count):
    fault = faults({"count": count, "code": "A01"})["/count"]
    assert fault.vi and fault.en and "{" not in fault.vi + fault.en


def test_a_text_too_long_is_counted_in_characters_and_a_list_in_items():
    for kind, value, told in (
        (Annotated[str, AfterValidator(str.strip), Field(max_length=3)], "abcd", "dài quá 3 ký tự"),
        (Annotated[str, Field(max_length=3)], "abcd", "dài quá 3 ký tự"),
        (Annotated[list[str], Field(max_length=3)], ["a"] * 4, "có quá 3 mục"),
    ):
        with pytest.raises(ValidationError) as caught:
            TypeAdapter(kind).validate_python(value)
        assert [fault.vi for fault in field_errors(caught.value)] == [told]


def test_missing_and_unknown_fields_are_named():
    assert set(faults({"cuont": 1})) == {"/count", "/code", "/cuont"}


def test_pointers_are_escaped():
    assert "/a~1b~0" in faults({"count": 1, "code": "A01", "a/b~": 1})


def every_problem():
    kinds = [Problem]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    return kinds


def test_every_problem_speaks_both_languages():
    for kind in every_problem():
        assert kind.title("vi") != kind.title("en"), kind
        assert kind.title("vi") and not kind.title("en").startswith("("), kind


def app():
    app = FastAPI()
    rendering.install(app)

    @app.get("/boom")
    async def boom():
        raise RuntimeError("secret detail")

    @app.get("/away")
    async def away():
        raise ConnectionRefusedError

    @app.get("/field")
    async def field():
        raise invalid("/count", "sai", "wrong")

    @app.get("/fast")
    async def fast():
        raise TooFast(3)

    return app


async def ask(path, **headers):
    transport = httpx.ASGITransport(app=app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        return await client.get(path, headers=headers)


async def test_an_unexpected_error_says_nothing_of_itself():
    answer = await ask("/boom")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text


async def test_a_database_that_is_away_is_503_with_retry_after():
    answer = await ask("/away")
    assert answer.status_code == 503 and answer.headers["retry-after"]
    assert answer.json()["type"] == f"/problems/{Unavailable.slug}"


async def test_the_words_follow_accept_language_and_the_slug_never_does():
    vietnamese, english = await ask("/field"), await ask("/field", **{"accept-language": "en-GB,vi;q=0.5"})
    assert vietnamese.json()["errors"] == [{"pointer": "/count", "detail": "sai"}]
    assert english.json()["errors"] == [{"pointer": "/count", "detail": "wrong"}]
    assert vietnamese.json()["type"] == english.json()["type"] == "/problems/invalid"
    assert vietnamese.json()["instance"] == "/field"


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("", "vi"), ("*", "vi"), ("fr", "vi"), ("en", "en"), ("EN-gb", "en"), ("vi-VN", "vi"), ("eng", "vi"),
        ("vi;q=0.1,en", "en"), ("en;q=0.1, vi", "vi"), ("fr,en;q=0.001", "en"), ("en;q=0", "vi"), ("en;q=0.000", "vi"),
        ("en;q=0, vi;q=0", "vi"), ("vi;q=0,en;q=0.2", "en"), ("en,vi", "en"), ("vi,en", "vi"),
        ("en;q=0.5,vi;q=0.5", "en"), ("en ; Q=0.8 , vi ; q=0.9", "vi"), ("en;q=nan", "vi"), ("en;q=9,vi;q=0.1", "vi"),
    ],
)  # fmt: skip
def test_the_language_of_greatest_weight_counts(asked, language):
    assert language_of({"accept-language": asked}) == language


async def test_a_cache_keeps_the_languages_of_a_problem_apart():
    for path, headers in (("/field", {}), ("/nothing", {"accept-language": "en"}), ("/boom", {}), ("/fast", {})):
        assert (await ask(path, **headers)).headers["vary"] == "Accept-Language"


async def test_unknown_paths_and_methods_are_problems_too():
    assert (await ask("/nothing")).json()["type"] == "/problems/not-found"
    transport = httpx.ASGITransport(app=app())
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        answer = await client.post("/boom")
    assert answer.status_code == 405 and answer.json()["status"] == 405


async def test_retry_after_travels():
    assert (await ask("/fast")).headers["retry-after"] == "3"
    assert IdReused.status == 409


def test_an_answer_names_twenty_faults_and_counts_the_others():
    for count, rest in ((20, []), (21, ["và 1 lỗi nữa"]), (500, ["và 480 lỗi nữa"])):
        told = Problem(errors=[FieldError(f"/{n}", "sai", "wrong") for n in range(count)]).body("vi", "/")["errors"]
        assert [fault["pointer"] for fault in told[:20]] == [f"/{n}" for n in range(20)]
        assert [fault["detail"] for fault in told[20:]] == rest
    some = [FieldError(f"/{n}", "sai", "wrong") for n in range(15)]
    assert Problem(errors=[*some, *some, unnamed(7)]).body("en", "/")["errors"][20:] == [
        {"pointer": "", "detail": "and 17 more errors"}
    ]


def test_pydantic_s_faults_are_cut_alike():
    with pytest.raises(ValidationError) as caught:
        Form.model_validate({"count": 1, "code": "A01"} | {f"x{n}": n for n in range(45)})
    found = field_errors(caught.value)
    assert len(found) == 21 and found[20] == unnamed(25)
