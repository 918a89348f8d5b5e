package dev.amikeeper.restore;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Server;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What EC2 shows of a Region, read once for all restores there. */
record RegionSight(
        List<Server> servers, Map<InstanceId, Server.Health> health, Map<ImageId, Ami> amis) {

    /**
     * The instance of a restore. This is the instance that its record names or, until it names one,
     * the instance that carries its tag. In any case, the client token must be the restore's:
     * anybody who launches another instance like it easily copies the tags.
     */
    Optional<Server> server(Restore restore) {
        return servers.stream()
                .filter(server -> server.clientToken().equals(Optional.of(restore.token())))
                .filter(server ->
                        restore.instance()
                                .map(server.id()::equals)
                                .orElseGet(() -> restore.tag().equals(tag(server))))
                .findFirst();
    }

    /** An instance that an earlier attempt of a drill has left running. */
    Optional<Server> left(Restore drill) {
        return servers.stream()
                .filter(server -> !server.isEnded())
                .filter(server -> Restore.isDrill(server.tags(), server.clientToken()))
                .filter(server -> !drill.tag().equals(tag(server)))
                .filter(server ->
                        drill.id().equals(tag(server)) || tag(server).startsWith(drill.id() + "/"))
                .findFirst();
    }

    private static String tag(Server server) {
        return server.tags().getOrDefault(ImageTags.RESTORE, "");
    }
}
