package dev.amikeeper.policy;

import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A field of cron: its name, the numbers that it allows, and how it writes them in an error. It is
 * a list of numbers, ranges and {@code *}, each with a step or without.
 *
 * @param names names of the numbers from {@code least} on; empty if it has none
 */
record CronField(String name, int least, int most, List<String> names, String range) {
    private static final Pattern PART =
            Pattern.compile("(?:\\*|(\\w+)(?:-(\\w+))?)(?:/(\\d{1,2}))?");

    private static final Pattern NUMBER = Pattern.compile("\\d{1,2}");

    static final CronField MINUTE = new CronField("minute", 0, 59, List.of(), "0-59");
    static final CronField HOUR = new CronField("hour", 0, 23, List.of(), "0-23");
    static final CronField DAY = new CronField("day of month", 1, 31, List.of(), "1-31");
    static final CronField MONTH =
            new CronField(
                    "month",
                    1,
                    12,
                    List.of(
                            "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT",
                            "NOV", "DEC"),
                    "1-12 or JAN-DEC");

    /** Sunday is 0 where a range begins and 7 where it ends. */
    static final CronField WEEKDAY =
            new CronField(
                    "day of week",
                    0,
                    7,
                    List.of("", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"),
                    "0-7 or SUN-SAT");

    /** Returns the numbers that a text chooses; empty if it is malformed. */
    Optional<BitSet> read(String text) {
        BitSet all = new BitSet();
        for (String part : text.split(",", -1)) {
            Matcher form = PART.matcher(part);
            if (!form.matches() || !add(all, form)) {
                return Optional.empty();
            }
        }
        return Optional.of(all);
    }

    private boolean add(BitSet all, Matcher part) {
        int step = part.group(3) == null ? 1 : Integer.parseInt(part.group(3));
        int first = part.group(1) == null ? least : number(part.group(1));
        int last = most;
        if (part.group(2) != null) {
            last = number(part.group(2));
        } else if (part.group(1) != null && part.group(3) == null) {
            last = first;
        }
        boolean open = part.group(2) == null && part.group(3) != null;
        if (equals(WEEKDAY) && first == most && (open || last < first)) {
            first = least;
        }
        if (step < 1 || step > most || first < least || last > most || first > last) {
            return false;
        }
        for (int number = first; number <= last; number += step) {
            all.set(number);
        }
        return true;
    }

    /** Returns -1 for what is no number of this field. */
    private int number(String text) {
        if (NUMBER.matcher(text).matches()) {
            return Integer.parseInt(text);
        }
        int position = names.indexOf(text.toUpperCase(Locale.ROOT));
        return position < 0 ? -1 : least + position;
    }
}
