package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.Ec2Client;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A cloud that stands at 2026-03-01T00:00:00Z, and the knobs that every one of them has. */
interface World {
    Ec2Client ec2(String region);

    /** A running instance with volumes of these sizes: /dev/xvda, /dev/sdf, /dev/sdg and so on. */
    String launch(String region, Map<String, String> tags, int... sizesGiB);

    /** Moves the clock; answers the events since the last time. */
    List<Map<String, Object>> advance(Duration by);

    int reboots(String region, String instance);

    int calls(String action);

    void copyQuota(int images);

    void hiddenCalls(int calls);

    void failImage(String name);

    void failCopiesTo(String region);

    void badKey(String key);

    /** Nothing can be shared with this account from now on. */
    void closeAccount(String account);

    /** New snapshots in this Region are encrypted with AWS's default key. */
    void encryptByDefault(String region);

    /** Lets what is deregistered or deleted from now on be restored within a week. */
    void recycleBin();

    void bucket(String action, int size);

    void throttle(String action, int nth, int times);

    void deny(String action);

    void failInside(String action);

    void loseReply(String action);

    /** From now on another account runs so many instances of an image. */
    void usedByOthers(String region, String image, String account, int instances);
}
