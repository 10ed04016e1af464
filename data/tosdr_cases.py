"""ToS;DR's cases in OPP-115's terms: those of which a quote from a policy must be about a label.

A case is listed where its claim lies within the label's definition. Cases about accounts, contents,
courts and liability are of none; so are vague ones ("The service refers users to external
documents"), and those whose quotes turned out to be about one of several things ("This service
employs third-party cookies, but with opt-out instructions" has quotes of either).
"""

from __future__ import annotations

from typing import Final

__all__ = ["CASES"]

_FIRST: Final = "First Party Collection/Use"
_THIRD: Final = "Third Party Sharing/Collection"
_CHOICE: Final = "User Choice/Control"
_ACCESS: Final = "User Access, Edit and Deletion"
_RETENTION: Final = "Data Retention"
_SECURITY: Final = "Data Security"
_CHANGE: Final = "Policy Change"
_TRACK: Final = "Do Not Track"
_AUDIENCES: Final = "International and Specific Audiences"

#: What the service collects, how and what for; saying that it does not is about it too.
_COLLECTION: Final = (
    "App required for this service requires broad device permissions",
    "IP addresses of website visitors are not tracked",
    "The service collects many different types of personal data",
    "The service may collect extra data about you through promotions",
    "The service may use tracking pixels, web beacons, browser fingerprinting, "
    "and/or device fingerprinting on users.",
    "The service provides a complete list of all cookies set by its website",
    "The service provides details about what kinds of personal information they collect",
    "The service provides information about how they collect personal data",
    "The service provides information about how they intend to use your personal data",
    "The service uses your personal data for advertising",
    "They store data on you even if you did not interact with the service",
    "This service can view your browser history",
    "This service collects your IP address for location use",
    "This service does not collect, use, or share location data",
    "This service gathers information about you through third parties",
    "This service may collect, use, and share location data",
    "This service may use your personal information for marketing purposes",
    "This service only uses temporary session cookies",
    "This service receives your location through GPS coordinates",
    "This service requires first-party cookies",
    "This service tracks which web page referred you to it",
    "This service tracks you on other websites",
    "This service uses your personal information for many different purposes",
    "Tracking pixels are used in service-to-user communication",
    "Your biometric data is collected",
    "Your personal data is aggregated into statistics",
    "Your personal data is used for limited purposes",
    "Your profile is combined across various products",
)
#: To whom data go, or who else collects them: partners, buyers, courts, the makers of cookies.
_SHARING: Final = (
    "Many third parties are involved in operating the service",
    "Only aggregate data is given to third parties",
    "The service can sell or otherwise transfer your personal data as part of a bankruptcy "
    "proceeding or other type of financial transaction.",
    "The service does not share user information with third parties",
    "The service uses social media cookies/pixels",
    "The service uses your personal data to employ targeted third-party advertising",
    "The service will not allow third parties to access your personal information "
    "without a legal basis",
    "The service will only respond to government requests that are reasonable",
    "Third parties may be involved in operating the service",
    "Third parties used by the service are bound by confidentiality obligations",
    "This service can share your personal information to third parties",
    "This service does not sell your personal data",
    "This service only shares user information with third parties when given specific consent",
    "This service reserves the right to disclose your personal information without notifying you",
    "This service uses third-party cookies for statistics",
    "Tracking via third-party cookies for other purposes without your consent.",
    "Your personal data is given to third parties",
)
#: What a user can refuse: mail, advertising, cookies (OPP-115's browser controls).
_CHOICES: Final = (
    "Blocking first party cookies may limit your ability to use the service",
    "The service allows you to opt out of providing personal information to third parties",
    "The service explains how to prevent disclosure of personal information to third parties",
    "Tracking cookies refused will not limit your ability to use the service",
    "You can limit how your information is used by third-parties and the service",
    "You can opt out of promotional communications",
    "You can opt out of targeted advertising",
)
#: Seeing, taking along and deleting one's data.
_RIGHTS: Final = (
    "This service allows you to retrieve an archive of your data",
    "This service provides a way for you to export your data",
    "You can delete your content from this service",
    "You can request access and deletion of personal data",
)
#: How long data and logs are kept, and what is kept after all.
_KEEPING: Final = (
    "The service deletes tracking data after a period of time and allows you to opt out",
    "The service may keep a secure, anonymized record of users' data for analytical purposes "
    "even after the data retention period",
    "The service's data retention period is kept to the minimum necessary for fulfilling "
    "its purposes",
    "This service holds onto content that you've deleted",
    "This service keeps user logs for an undefined period of time",
    "This service may keep personal data after a request for erasure for business interests "
    "or legal obligations",
    "User logs are deleted after a finite period of time",
)
#: How data are protected.
_PROTECTION: Final = (
    "The service provides two factor authentification for your account",
    "The user is informed about security practices",
    "User-generated content is encrypted, and this service cannot decrypt it",
)
#: Whether and how users hear of changes; of the policy, since the quote is from one.
_CHANGES: Final = (
    "Terms may be changed any time at their discretion, without notice to the user",
    "The service makes critical changes to its terms without user involvement",
    "The service may change its terms at any time, but the user will receive notification "
    "of the changes.",
    "The service reviews its privacy policy on a regular basis",
    "Users should revisit the terms periodically, although in case of material changes, "
    "the service will notify",
    "When the service wants to change its terms, users are notified a week or more in advance.",
    "When the service wants to make a material change to its terms, users are notified "
    "at least 30 days in advance",
)
#: Honoured or ignored, both are OPP-115's Do Not Track.
_SIGNALS: Final = (
    "This service ignores the Do Not Track (DNT) header and tracks users anyway "
    "even if they set this header.",
    "This service respects your browser's Do Not Track (DNT) headers",
)
#: Transfers abroad, and children: in a policy the age limit is the statement on children.
_SPECIAL: Final = (
    "This service is only available to users over a certain age",
    "Your data may be processed and stored anywhere in the world",
)
#: Case -> the label that its quotes are about.
CASES: Final[dict[str, str]] = {
    **dict.fromkeys(_COLLECTION, _FIRST),
    **dict.fromkeys(_SHARING, _THIRD),
    **dict.fromkeys(_CHOICES, _CHOICE),
    **dict.fromkeys(_RIGHTS, _ACCESS),
    **dict.fromkeys(_KEEPING, _RETENTION),
    **dict.fromkeys(_PROTECTION, _SECURITY),
    **dict.fromkeys(_CHANGES, _CHANGE),
    **dict.fromkeys(_SIGNALS, _TRACK),
    **dict.fromkeys(_SPECIAL, _AUDIENCES),
}
