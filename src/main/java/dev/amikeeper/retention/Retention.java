package dev.amikeeper.retention;

import static java.util.Objects.requireNonNull;

import dev.amikeeper.image.Image;
import dev.amikeeper.policy.Keep;
import dev.amikeeper.policy.Period;
import dev.amikeeper.retention.Reason.ReasonKind;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Decides which images the rules of a policy keep. The rules have the names and meaning of restic's
 * {@code forget}.
 *
 * <p>As in restic, the oldest image stays while a rule of periods (hours, days, …) has found fewer
 * images than it may keep. A young history thus keeps its beginning, from which the longer-term
 * rules grow. It differs from restic in these points:
 *
 * <ul>
 *   <li>An hour is identified by its offset as well. When a clock change repeats an hour, restic
 *       keeps one image, and AMI Keeper keeps one of each.
 *   <li>A period counts once, even where clocks that are set back over midnight return to a day.
 *       Restic counts that day twice, so the rule reaches further back here.
 *   <li>{@code within} is a span of hours by the clock; restic's counts days, months, and years by
 *       the calendar.
 *   <li>{@code atLeast} has no counterpart: this many of the newest images stay whatever the rules
 *       say.
 *   <li>Images from the future are not judged here. They stay, and count for no rule. In restic
 *       they count for every rule except {@code within}.
 * </ul>
 */
public final class Retention {
    /** Orders by slot. Ids only make the order total, because a slot has one image. */
    static final Comparator<Image> NEWEST_FIRST =
            Comparator.comparing(Image::name)
                    .thenComparing(image -> image.id().toString())
                    .thenComparingLong(Image::version)
                    .reversed();

    private Retention() {}

    /**
     * Judges the good images of one policy, instance, and Region.
     *
     * @return every image, newest first, with the rules that keep it; an image with no rules is not
     *     kept
     */
    public static SequencedMap<Image, List<Reason>> judge(Keep keep, Collection<Image> images) {
        List<Image> newestFirst = images.stream().sorted(NEWEST_FIRST).toList();
        SequencedMap<Image, List<Reason>> kept = new LinkedHashMap<>();
        newestFirst.forEach(image -> kept.put(image, new ArrayList<>()));

        claim(kept, ReasonKind.LAST, "newest images", keep.last(), newestFirst);
        for (Period period : Period.values()) {
            claimPeriods(kept, period, keep, newestFirst);
        }
        keep.within().ifPresent(span -> claimWithin(kept, span, newestFirst));
        claim(kept, ReasonKind.AT_LEAST, "newest good images", keep.atLeast(), newestFirst);

        kept.replaceAll((image, reasons) -> List.copyOf(reasons));
        return Collections.unmodifiableSequencedMap(kept);
    }

    /** The rules as the policy file writes them, as {@code last: 3, daily: 14}. */
    static String words(Keep keep) {
        Stream<String> periods =
                Stream.of(Period.values())
                        .filter(period -> keep.count(period) > 0)
                        .map(period -> rule(ReasonKind.of(period), keep.count(period)));
        return Stream.of(
                        Stream.of(rule(ReasonKind.LAST, keep.last()))
                                .filter(rule -> keep.last() > 0),
                        periods,
                        keep.within().stream().map(span -> "within: " + words(span)),
                        Stream.of(rule(ReasonKind.AT_LEAST, keep.atLeast())))
                .flatMap(rules -> rules)
                .reduce((one, next) -> one + ", " + next)
                .orElseThrow();
    }

    private static void claim(
            SequencedMap<Image, List<Reason>> kept,
            ReasonKind kind,
            String what,
            int count,
            List<Image> newestFirst) {
        int number = 0;
        for (Image image : newestFirst.subList(0, Math.min(count, newestFirst.size()))) {
            number++;
            String text = "number %d of the %s (%s)".formatted(number, what, rule(kind, count));
            add(kept, image, new Reason(kind, text));
        }
    }

    private static void claimPeriods(
            SequencedMap<Image, List<Reason>> kept,
            Period period,
            Keep keep,
            List<Image> newestFirst) {
        int count = keep.count(period);
        String rule = rule(ReasonKind.of(period), count);
        // Remember all periods seen, not just the last one: clocks set back over midnight repeat a
        // day.
        Set<Object> seen = new HashSet<>();
        for (Image image : newestFirst) {
            if (seen.size() == count) {
                return;
            }
            Object when = period.of(image.name().slot().time(), keep.zone());
            if (seen.add(when)) {
                String text = "newest of %s, number %d (%s)".formatted(when, seen.size(), rule);
                add(kept, image, new Reason(ReasonKind.of(period), text));
            } else if (image.equals(newestFirst.getLast())) {
                String text =
                        "oldest, as rule %s has %d left (%s)"
                                .formatted(ReasonKind.of(period).word(), count - seen.size(), rule);
                add(kept, image, new Reason(ReasonKind.of(period), text));
            }
        }
    }

    /** Counts back from the newest image, so that the history stays when backups stop. */
    private static void claimWithin(
            SequencedMap<Image, List<Reason>> kept, Duration span, List<Image> newestFirst) {
        if (newestFirst.isEmpty()) {
            return;
        }
        Instant newest = newestFirst.getFirst().name().slot().time();
        String text = "within %s of the newest image, %s".formatted(words(span), newest);
        newestFirst.stream()
                .filter(image -> image.name().slot().time().isAfter(newest.minus(span)))
                .forEach(image -> add(kept, image, new Reason(ReasonKind.WITHIN, text)));
    }

    private static void add(SequencedMap<Image, List<Reason>> kept, Image image, Reason reason) {
        requireNonNull(kept.get(image)).add(reason);
    }

    private static String rule(ReasonKind kind, int count) {
        return kind.word() + ": " + count;
    }

    /** The span as policy files write it: {@code 48h}, not {@code PT48H}. */
    private static String words(Duration span) {
        return span.toString().substring("PT".length()).toLowerCase(Locale.ROOT);
    }
}
