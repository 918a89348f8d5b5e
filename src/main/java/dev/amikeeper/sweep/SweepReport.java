package dev.amikeeper.sweep;

import dev.amikeeper.Measures;

import java.util.List;

/**
 * What differed, and how the sweep ended. Nearly all of it is a lost event, a lost kick, a crash or
 * somebody's hand; what came up just before the sweep is among it, too.
 *
 * @param kicked Regions where images or copies wait and could be started
 * @param givenUp images and copies that waited too long
 * @param done images that EC2 was done with, unnoticed
 * @param gone images that somebody deregistered, unnoticed
 * @param slow images that EC2 is at work on for very long, and copies that are not begun for long
 * @param found images that had been given up and are there
 * @param adopted images that the catalogue did not know
 * @param returned images that had been removed and are back
 * @param foreign AMIs with our tags and another name; left alone
 * @param uncopied copies that nobody had asked for
 * @param switched images that somebody disabled or enabled, unnoticed
 * @param unfinished removals, and returns from them, that were half done
 * @param unshared images that were not shared as their policy says
 * @param withdrawn images of which others took launch permissions away that we had given
 * @param beyond images that are shared beyond their policy; left alone
 * @param publicImages images that everybody may launch; left alone
 * @param keys images and copies that EC2 failed at, unnoticed, for a KMS key that cannot be used
 * @param litter snapshots that their image's removal overlooked
 * @param orphans snapshots of ours that belong to no image, and not ours to delete
 * @param lateSlots slots that no tick had taken
 * @param requests requests on instances whose event was lost
 * @param leases instances of drills that were to be gone
 * @param failed gaps that could not be closed now; the next sweep tries again
 * @param unreadable Regions that could not be read
 * @param unswept policies and Regions for which there was no time; the next sweep begins with them
 * @param malformed 1 if the event could not be understood
 * @param dryRun whether nothing was changed
 * @param protection how the instances of each policy stand in each Region that was swept
 */
public record SweepReport(
        int kicked,
        int givenUp,
        int done,
        int gone,
        int slow,
        int found,
        int adopted,
        int returned,
        int foreign,
        int uncopied,
        int switched,
        int unfinished,
        int unshared,
        int withdrawn,
        int beyond,
        int publicImages,
        int keys,
        int litter,
        int orphans,
        int lateSlots,
        int requests,
        int leases,
        int failed,
        int unreadable,
        int unswept,
        int malformed,
        boolean dryRun,
        List<Measures> protection) {
    public SweepReport {
        protection = List.copyOf(protection);
    }

    static SweepReport ofMalformed() {
        return new SweepReport(
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, false,
                List.of());
    }
}
