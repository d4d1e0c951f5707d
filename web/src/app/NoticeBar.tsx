/** What was just done, with a way back. */
import { Button } from '@mantine/core';
import { tell, useNotice } from '../notices';
import { words } from '../words';

export function NoticeBar() {
	const notice = useNotice();
	const undo = async () => {
		try {
			await notice?.undo?.();
			tell({ text: words.edit.undone });
		} catch {
			tell({ text: words.edit.notUndone });
		}
	};
	return (
		<div role="status" className="notices">
			{notice && (
				<p className="notice">
					{notice.text}
					{notice.undo && (
						<Button size="compact-sm" variant="light" onClick={undo}>
							{words.edit.undo}
						</Button>
					)}
				</p>
			)}
		</div>
	);
}
