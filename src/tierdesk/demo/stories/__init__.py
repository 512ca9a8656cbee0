"""What the demo's people went through in a month: everybody here, every word and every machine is invented."""

from tierdesk.demo.stories.english import ENGLISH
from tierdesk.demo.stories.korean import KOREAN
from tierdesk.demo.stories.russian import RUSSIAN
from tierdesk.demo.stories.telling import Step, Story

__all__ = ["STORIES", "Step", "Story"]

STORIES: tuple[Story, ...] = (*ENGLISH, *KOREAN, *RUSSIAN)
