package dev.amikeeper.alerts;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.image.Image;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Tells people that copies to a Region fail. They are told once per Region and cause, however many
 * copies fail, as soon as two have failed the same way or one is two hours late. The first failure
 * is recorded silently, because it often passes by itself. The sweep ends both notices when a copy
 * with that key succeeds.
 */
public final class CopyTroubles {
    private static final Duration LATE = Duration.ofHours(2);

    private final Catalog catalog;
    private final Policies policies;

    public CopyTroubles(Catalog catalog, Policies policies) {
        this.catalog = catalog;
        this.policies = policies;
    }

    /** An attempt at this copy failed, and another one follows. Call this before recording that. */
    public void failed(Image copy, String why, Instant now) {
        failed(copy, why, now, false);
    }

    /**
     * The last attempt at this copy failed.
     *
     * @return whether people are told about the cause; if not, the caller must tell them about the
     *     copy
     */
    public boolean failedAtLast(Image copy, String why, Instant now) {
        return failed(copy, why, now, true);
    }

    private boolean failed(Image copy, String why, Instant now, boolean isLast) {
        CopyCause cause = CopyCause.of(copy.region(), key(copy), why);
        List<Notice> open = catalog.open();
        if (open.stream().anyMatch(notice -> notice.about().equals(cause.told()))) {
            return true;
        }
        Notice first =
                new Notice(
                        cause.untold(),
                        now,
                        copy.region()
                                + ": copies fail"
                                + key(copy).map(key -> " (key " + key + ")").orElse("")
                                + ": "
                                + why
                                + "; first "
                                + copy.name()
                                + " at try "
                                + copy.attempt(),
                        remedy(copy),
                        false);
        Optional<Notice> before =
                open.stream().filter(notice -> notice.about().equals(cause.untold())).findFirst();
        if (before.isEmpty()) {
            if (!isLast) {
                catalog.note(first);
            }
            return false;
        }
        // A second report of the same attempt does not count as a second failure.
        return !before.get().text().equals(first.text()) && tell(before.get(), cause.told(), now);
    }

    /** Tells people about copies that failed only once but have not arrived for a long time. */
    public void tellOfLate(Instant now) {
        catalog.open().stream()
                .filter(notice -> notice.about().is(Trouble.COPY))
                .filter(notice -> notice.at().plus(LATE).isBefore(now))
                .forEach(notice -> tell(notice, notice.about().as(Trouble.COPIES), now));
    }

    private boolean tell(Notice untold, NoticeKey key, Instant now) {
        catalog.note(new Notice(key, now, untold.text(), untold.remedy(), true));
        catalog.resolve(untold.about(), now);
        return true;
    }

    private Optional<String> key(Image copy) {
        return policies.find(copy.name().policy())
                .flatMap(policy -> Optional.ofNullable(policy.replicate().get(copy.region())))
                .flatMap(Policy.Replica::kmsKey);
    }

    private String remedy(Image copy) {
        return key(copy)
                        .map(key ->
                                "check that the key "
                                        + key
                                        + " is enabled in "
                                        + copy.region()
                                        + " and that its policy and the parameter KmsKeyArns let"
                                        + " CopyImageFunction use it")
                        .orElse(
                                "fix what the message names; if it is about a key, check who may"
                                        + " use it")
                + "; waiting copies are tried again automatically, given-up ones with ./keeper"
                + " retry";
    }
}
