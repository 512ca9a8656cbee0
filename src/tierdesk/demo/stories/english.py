"""Harbour Dental, and a caller nobody knows."""

from tierdesk.demo.stories.telling import Story, answered, device, handed, held, joined, noted, took, went, wrote

ENGLISH: tuple[Story, ...] = (
    Story(
        690,
        "amelia",
        "X-ray viewer says “licence server not found”",
        "Hi, since this morning none of the three treatment rooms can open the X-ray viewer. It says the licence "
        "server is not found. We can still take pictures but not look at them. Patients from 9:30.",
        "software/practice",
        priority=1,
        channel="phone",
        fields=device("ROOM-1, ROOM-2, ROOM-3", "windows-11"),
        steps=(
            took(0.1, "mira"),
            answered(0.2, "mira", "Good morning Amelia, I can see all three rooms losing the same server. I am on it."),
            noted(0.4, "mira", "HD-SRV01 answers ping, the licence service is stopped. Restart fails with event 7024."),
            handed(0.5, "mira", "technicians", "tomas"),
            noted(
                0.9,
                "tomas",
                "The dongle was unplugged when the cleaners moved the server cabinet. Plugged in again by Ruth over "
                "the phone, service starts.",
            ),
            answered(
                1.0,
                "tomas",
                "The viewer works again: the licence key had come loose from the server. Please let me know if any "
                "room still complains.",
            ),
            wrote(1.3, "All three rooms are fine. Thank you both, that was quick!"),
            went(1.5, "tomas", "solved"),
            went(170, "tomas", "closed"),
        ),
    ),
    Story(
        640,
        "george",
        "Laptop very slow after update",
        "My laptop takes about ten minutes to start since the update on Tuesday. After that it is usable but the fan "
        "never stops.",
        "hardware/laptop",
        fields=device("HD-LT-014", "windows-11"),
        steps=(
            took(2, "mira"),
            answered(
                2.2, "mira", "Hello George, could you leave it switched on and connected over lunch? I will look."
            ),
            wrote(3, "It is on my desk, locked. Go ahead."),
            noted(4, "mira", "Disk queue at 100 %: two virus scanners installed side by side since the update."),
            answered(
                4.5,
                "mira",
                "Two virus scanners were fighting each other. I removed the old one; the start now takes 40 seconds.",
            ),
            wrote(22, "Like a new machine. Thanks!"),
            went(23, "mira", "solved"),
        ),
    ),
    Story(
        600,
        "ruth",
        "New starter on the 1st: Hannah Cole",
        "Hannah starts at reception on the first. She needs a mailbox, the practice software and the door code list. "
        "Same rights as Amelia please.",
        "accounts/access",
        kind="request",
        channel="web",
        steps=(
            took(3, "mira"),
            answered(3.2, "mira", "I have noted the first. Will she use the PC at the second counter?"),
            wrote(5, "Yes, the second counter."),
            held(6, "mira", 2),
        ),
    ),
    Story(
        560,
        "amelia",
        "Label printer prints blank labels",
        "The small printer at reception feeds the labels but nothing is on them. I changed the roll twice.",
        "hardware/printer",
        priority=4,
        steps=(
            took(1, "mira"),
            answered(
                1.2,
                "mira",
                "Could you check that the shiny side of the labels faces up? That printer has no ink, it needs the "
                "heat-sensitive side.",
            ),
            wrote(1.5, "Oh no. It was the wrong way round, both times. All good!"),
            went(2, "mira", "solved"),
            went(200, "mira", "closed"),
        ),
    ),
    Story(
        480,
        "george",
        "VPN drops every ten minutes from home",
        "From home the VPN connects and drops again after roughly ten minutes. In the practice everything is fine. "
        "Log attached.",
        "network/vpn",
        priority=2,
        fields=device("HD-LT-014", "windows-11"),
        files=(
            (
                "vpn-client.log",
                "18:02:11 tunnel up, 10.40.8.21\n18:12:13 no keepalive for 600 s\n18:12:13 tunnel down (timeout)\n"
                "18:12:20 tunnel up, 10.40.8.21\n18:22:22 no keepalive for 600 s\n18:22:22 tunnel down (timeout)\n",
            ),
        ),
        steps=(
            took(0.5, "mira"),
            answered(0.7, "mira", "Thank you for the log, that helps a lot. Which router do you have at home?"),
            wrote(2, "The white one of the provider, it was exchanged three weeks ago."),
            noted(2.5, "mira", "Tried: new profile, other port (no change). Time spent: 25 min. Goal: stable tunnel."),
            handed(2.6, "mira", "technicians", "tomas"),
            noted(
                26,
                "tomas",
                "Gateway sees no keepalives at all from this address: the new router closes idle UDP after 600 s.",
            ),
            handed(27, "tomas", "experts", "grace"),
            noted(
                50,
                "grace",
                "Keepalive interval was 900 s on the gateway. Any router with a 600 s UDP timeout is hit. Set to 25 s "
                "for the whole profile, tested over one night.",
            ),
            answered(
                74,
                "grace",
                "Hello George, the cause was a setting on our gateway that newer routers do not tolerate. It is "
                "changed; please reconnect once.",
            ),
            wrote(98, "Two evenings without a single drop. Solved for me."),
            went(99, "grace", "solved"),
        ),
    ),
    Story(
        430,
        "ruth",
        "Quarterly list of who can see what",
        "For our own audit: could I have the list of all mailboxes and shared folders, with the people who can open "
        "them?",
        "accounts/access",
        kind="request",
        steps=(
            took(4, "mira"),
            handed(5, "mira", "technicians", "tomas"),
            answered(
                30, "tomas", "The list is attached to this ticket’s folder on your share; please check the last page."
            ),
            wrote(55, "Two people on it have left long ago (Peter W., Sandra K.). Please remove them."),
            answered(57, "tomas", "Both are removed and their sessions ended. A new list is in the same place."),
            went(58, "tomas", "solved"),
        ),
    ),
    Story(
        390,
        "priya",
        "Can you help with a home computer?",
        "Hello, a friend at Harbour Dental gave me this address. My own laptop shows a blue screen. Do you help "
        "private people as well?",
        "hardware/laptop",
        kind="question",
        priority=4,
        steps=(
            took(6, "mira"),
            noted(6.1, "mira", "Belongs to no client of ours."),
            answered(
                6.3,
                "mira",
                "Hello Priya, we work for companies under contract only. The shop that sold the laptop is the right "
                "place; please save your files first if it still starts.",
            ),
            wrote(9, "Fair enough, thanks for the honest answer."),
            went(10, "mira", "solved"),
        ),
    ),
    Story(
        300,
        "amelia",
        "Call from “Microsoft” about a virus",
        "A man called reception, said he is from Microsoft and our PC sends viruses. I typed an address he gave me but "
        "closed it when he asked for the code. Was that wrong? I feel stupid.",
        "security/phishing",
        kind="scam_report",
        channel="phone",
        priority=1,
        fields=device("HD-PC-002", "windows-11"),
        steps=(
            took(0.05, "mira"),
            answered(
                0.1,
                "mira",
                "You did the right thing by hanging up and by telling us. Please unplug the network cable now and "
                "leave the PC switched on.",
            ),
            wrote(0.2, "Unplugged. It is the PC at the first counter."),
            handed(0.25, "mira", "technicians", "tomas"),
            noted(
                1.2,
                "tomas",
                "Remote tool was downloaded, never started (no trace of a process). Removed; all sessions ended.",
            ),
            answered(
                1.4,
                "tomas",
                "Nothing was started and nobody got in. I changed your password to be safe; call me for the new one. "
                "Nobody from a software maker ever calls about a virus.",
            ),
            went(2, "tomas", "solved"),
            went(175, "tomas", "closed"),
        ),
    ),
    Story(
        200,
        "george",
        "Calendar on the phone shows meetings an hour late",
        "Since I came back from Lisbon every meeting is one hour late on the phone. On the laptop it is right.",
        "hardware/phone",
        priority=4,
        fields=device("Phone of George", "android"),
        steps=(
            took(5, "mira"),
            answered(
                5.2,
                "mira",
                "Please open Settings, Date and time, and switch “Automatic time zone” on. Is it right then?",
            ),
        ),
    ),
    Story(
        150,
        "ruth",
        "Scanner no longer sends to the patients’ folder",
        "Scan to folder says “access denied” since yesterday evening. Scan to mail still works.",
        "hardware/printer",
        priority=2,
        fields=device("HD-MFP-01", "other"),
        steps=(
            took(0.6, "mira"),
            noted(0.9, "mira", "The scanner’s account expired yesterday. I may not prolong service accounts."),
            handed(1, "mira", "technicians", "tomas"),
            answered(2, "tomas", "The scanner’s own account had expired; it is prolonged. One test scan, please?"),
            wrote(2.4, "Scan arrives. But now the file names have no date any more."),
            noted(
                20, "tomas", "The template was lost with the firmware of last week. Asked the vendor for the old one."
            ),
            went(21, "tomas", "waiting-vendor"),
        ),
    ),
    Story(
        74,
        "amelia",
        "Cannot open attachments of the insurance company",
        "Their mails now come with an attachment called message.html and want me to sign in somewhere. Is this real?",
        "security/phishing",
        kind="question",
        steps=(
            took(0.4, "mira"),
            answered(
                0.8,
                "mira",
                "I checked one of them: it is the insurer’s new encrypted mail, and real. Register once with your own "
                "address. If a mail ever asks for your Windows password, send it to us.",
            ),
        ),
    ),
    Story(
        30,
        "george",
        "Meeting room screen stays black",
        "The screen in the meeting room stays black with every laptop, also with the spare cable. We have the partners "
        "here tomorrow at two.",
        "hardware/other",
        priority=2,
        channel="web",
        fields=device("HD-ROOM-TV", "other"),
        steps=(
            took(0.5, "mira"),
            answered(0.7, "mira", "Is the small lamp below the screen red or white?"),
            wrote(1.1, "Red, and it blinks four times."),
            noted(1.3, "mira", "Four blinks: power board. Needs a visit before 14:00 tomorrow, tier 2 please."),
            handed(1.4, "mira", "technicians"),
            joined(1.5, "mira", "ruth"),
        ),
    ),
    Story(
        5,
        "ruth",
        "Invoice of last month: hours of 12th",
        "On the invoice are four hours on the 12th. We had nobody here that day, could somebody check?",
        "accounts/billing",
        kind="question",
        priority=4,
        channel="web",
    ),
    Story(
        1.4,
        "amelia",
        "Card terminal offline",
        "The card terminal says OFFLINE since a quarter of an hour. Patients pay cash at the moment.",
        "network/internet",
        priority=2,
        channel="phone",
        steps=(took(0.3, "mira"),),
    ),
)
