"""Words that a question may hold without meaning them. Documents keep them, so a question of nothing else works."""

_ENGLISH = (
    "a an the and or of to in on at by for from with as is are was were be been am i me my we our you your he she it "
    "its they them their this that these those do does did has have had can could will would should how what when "
    "where why who which there here please so if but not no"
)
_RUSSIAN = (
    "и в во на с со к ко у о об от до из за по для при не ни но а же ли бы что как где когда это этот эта эти мы вы он "
    "она оно они я мне меня мой моя мое мои нам нас вам вас их его ее то так там тут пожалуйста"
)
EVERY = frozenset(_ENGLISH.split()) | frozenset(_RUSSIAN.split())
