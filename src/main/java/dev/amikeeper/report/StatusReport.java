package dev.amikeeper.report;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * The status of the instances; the fields are those of {@code keeper status --json}.
 *
 * @param at when this was read, in ISO-8601
 * @param lines the instances by policy and Region, the worst first
 * @param waiting how many instances lack an image somewhere but are not late
 * @param unreadable what this version cannot read in the catalogue
 * @param unheard why nobody hears the announcements; empty if somebody does
 * @param former images in Regions that their policy no longer names
 * @param lost policies that are no longer in the file but have images
 */
public record StatusReport(
        String at,
        int protectedInstances,
        int late,
        int waiting,
        int unprotected,
        List<StatusLine> lines,
        List<UnreadRegion> unread,
        List<String> unreadable,
        String unheard,
        List<String> former,
        List<Lost> lost) {
    public StatusReport {
        lost = List.copyOf(lost);
        former = List.copyOf(former);
        lines = List.copyOf(lines);
        unread = List.copyOf(unread);
        unreadable = List.copyOf(unreadable);
    }

    /**
     * One instance with one policy in one Region.
     *
     * @param state late, unprotected, due, new, events or good
     * @param image the newest usable image; empty if there is none
     * @param ageSeconds the age of that image, by its slot; absent without one
     * @param tried when a restore in this Region was last tried, as a drill or for real; empty if
     *     never
     * @param passed whether the server then came up and passed its checks
     * @param restoreSeconds how long that took; absent unless it passed
     * @param holdsUntil when the image will be too old for the schedule; empty without a schedule
     */
    public record StatusLine(
            String state,
            String instance,
            String name,
            String is,
            String policy,
            String region,
            String slot,
            String image,
            @Nullable Long ageSeconds,
            String next,
            String holdsUntil,
            String tried,
            boolean passed,
            @Nullable Long restoreSeconds,
            String remark) {}

    /** A Region that could not be read. */
    public record UnreadRegion(String region, String why) {}

    /**
     * A policy that is no longer in the file.
     *
     * @param images how many of its images are left, which no rule removes
     * @param snapshots how many snapshots these have
     * @param regions where they are
     * @param text the same as text for people
     */
    public record Lost(
            String policy,
            int images,
            int snapshots,
            List<String> regions,
            String text,
            String toDo) {
        public Lost {
            regions = List.copyOf(regions);
        }
    }

    /**
     * Whether no instance is late, everything could be read, and somebody hears the announcements.
     */
    public boolean allWell() {
        return late == 0 && unread.isEmpty() && unreadable.isEmpty() && unheard.isEmpty();
    }
}
