package dev.amikeeper.cli;

/**
 * Where the output goes. Java cannot tell stdout's terminal from stderr's, so the launcher does.
 *
 * @param colours whether stdout may be coloured
 * @param progress whether stderr is a terminal, on which a line may move
 */
record Screen(boolean colours, boolean progress) {
    static Screen ofLauncher() {
        return new Screen(
                Boolean.getBoolean("keeper.colours"), Boolean.getBoolean("keeper.progress"));
    }
}
