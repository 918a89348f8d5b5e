package dev.amikeeper.retention;

import dev.amikeeper.alerts.ExcessSharing;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.usage.Usage;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Set;

/** Reports what the planner met: where it could not look, and who else may launch images. */
final class Warnings {
    private static final Logger log = LoggerFactory.getLogger(Warnings.class);

    private final Planner.PlannerRun run;

    Warnings(Planner.PlannerRun run) {
        this.run = run;
    }

    void blind(Region region, Usage.Report probe) {
        probe.unknown().ifPresent(why -> blind(region, probe.name(), why));
    }

    void blind(Region region, String probe, String why) {
        String text =
                region + ": nothing is removed, because use by " + probe + " is not known: " + why;
        log.error("{}", text);
        tell(
                Trouble.BLIND.in(region, probe),
                text,
                "give the function's role the permission, or fix what is named");
    }

    void unread(Region region, String why) {
        log.error("{}: images cannot be read, nothing is removed there: {}", region, why);
        tell(
                Trouble.UNPRUNED.in(region),
                region + ": nothing was pruned, because the images cannot be read: " + why,
                "the next run tries again; check the Region and the function's role");
    }

    void isPublic(Ami ami) {
        run.tell().accept(ExcessSharing.everybody(ami, run.now()));
    }

    void sharedBeyond(Policy policy, Image image, Set<String> beyond) {
        run.tell().accept(ExcessSharing.beyond(policy, image, beyond, run.now()));
    }

    private void tell(NoticeKey key, String text, String remedy) {
        run.tell().accept(new Notice(key, run.now(), text, remedy, true));
    }
}
