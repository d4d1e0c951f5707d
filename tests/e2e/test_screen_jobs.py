"""Jobs by hand on the screen, in a real Chromium: the password, and what is running."""

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.jobs import Job
from dashnet.settings import Settings
from tests.app.conftest import RefreshOnce
from tests.app.test_control import SECRET, queued_jobs
from tests.conftest import run_app
from tests.e2e.browser import Page, open_page
from tests.processes import WORKER, environment_of, run_process
from tests.servers import eventually
from workers.ledger import RunKey, open_run

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

FIELD = ".password-form input"


async def test_the_password_is_asked_for_until_it_is_right_and_then_no_more(
    settings: Settings, redis: Redis, device_ids: list[int], refresh_once: RefreshOnce
) -> None:
    await refresh_once()
    guarded = settings.model_copy(update={"cron_pass": SecretStr(SECRET)})
    async with run_app(guarded), open_page(guarded.app_address) as page:
        await page.until("document.querySelector('.fresh-well') !== null")
        await page.call("click", "text=Refresh now")
        await page.until(f"document.activeElement.matches({FIELD!r})")
        await _answer(page, "wrong")
        await page.until("document.querySelector('.password-form')?.innerText.includes('That is not it')")
        assert await queued_jobs(redis, settings) == []
        await _answer(page, SECRET)
        await eventually(lambda: queued_jobs(redis, settings))
        await page.call("click", "nav .nav-jobs")
        await _clean(page)

        async def are_both_asked() -> bool:
            return sorted(await queued_jobs(redis, settings)) == ["clean", "refresh"]

        await eventually(are_both_asked)
        await page.until(f"document.querySelector({FIELD!r}) === null")


async def _clean(page: Page) -> None:
    await page.call("click", ".by-hand >> text=Clean …")
    await page.call("click", ".clean-words >> text=Clean now")


async def test_a_clean_is_not_on_the_first_view_and_says_first_what_it_does(
    page: Page, redis: Redis, settings: Settings
) -> None:
    await page.until("document.querySelector('.jobs') !== null")
    assert "Clean" not in await page.text(".by-hand")
    await page.call("click", ".jobs >> text=All jobs")
    await page.until("document.querySelector('h1')?.innerText === 'Jobs'")
    await page.call("click", ".by-hand >> text=Clean …")
    await page.until("document.querySelector('.clean-words')?.innerText.includes('cannot be undone')")
    # Enter does what is nearest to hand: nothing.
    await page.call("keyboard.press", "Enter")
    await page.until("document.querySelector('.clean-words') === null")
    assert await queued_jobs(redis, settings) == []
    await _clean(page)

    async def is_asked() -> bool:
        return await queued_jobs(redis, settings) == ["clean"]

    await eventually(is_asked)


async def test_the_view_of_the_jobs_lists_their_runs(page: Page, engine: AsyncEngine) -> None:
    key = RunKey(Job.BACKFILL, datetime.now(UTC).replace(microsecond=0))
    async with open_run(engine, key, requested_by="test", worker="test-worker", timeout_seconds=60) as run:
        assert run is not None
        await page.call("click", "nav .nav-jobs")
        await page.until("document.querySelector('.runs tbody')?.innerText.includes('Backfill of the past')")
    await page.until("/Backfill of the past[^]*done/.test(document.querySelector('.runs tbody').innerText)")


async def _answer(page: Page, password: str) -> None:
    await page.call("fill", FIELD, password)
    await page.call("click", ".password-form button[type=submit]")


async def test_a_refresh_by_hand_is_run_and_seen(page: Page, settings: Settings) -> None:
    before = await page.evaluate("document.querySelector('.fresh-age time').dateTime")
    with run_process(WORKER, environment_of(settings)):
        await page.call("click", "text=Refresh now")
        await page.until(f"document.querySelector('.fresh-age time').dateTime > {before!r}")
        await page.until("document.querySelector('.by-hand [role=status]').innerText === ''")


async def test_a_job_that_runs_is_shown_until_it_is_done(page: Page, engine: AsyncEngine) -> None:
    key = RunKey(Job.BACKFILL, datetime.now(UTC).replace(microsecond=0))
    async with open_run(engine, key, requested_by="test", worker="test-worker", timeout_seconds=60) as run:
        assert run is not None
        await page.call("reload")
        await page.until("document.querySelector('.running')?.innerText.includes('Backfill of the past')")
    await page.until("document.querySelector('.running') === null")
